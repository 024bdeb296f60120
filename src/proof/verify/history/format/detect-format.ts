import { HistoryError } from '../history-error.ts'
import type { TextSource } from '../text/text-source.ts'
import { type HistoryFormat, listFormats } from './history-format.ts'
import { operationInLine } from './read-jepsen-log.ts'

/** How far into a log the first operation may be. */
const logPrefixMax = 1 << 20
const beginningMax = 1 << 12

/** By the ending of a file's name; other names say nothing. */
const byEnding: readonly (readonly [RegExp, readonly HistoryFormat[]])[] = [
  [/\.edn$/i, ['edn', 'porcupine']],
  [/\.(json|jsonl|ndjson)$/i, ['json', 'dure']],
]

/** What a text is, by how it begins and what its file is called; takes nothing from the source. */
export function detectFormat(source: TextSource, fileName: string | undefined): HistoryFormat {
  const byContent = formatsOfContent(source)
  const named = byEnding.find(([ending]) => fileName !== undefined && ending.test(fileName))?.[1]
  const formats = named === undefined ? byContent : byContent.filter((format) => named.includes(format))
  if (formats.length === 1) return formats[0]!
  const found =
    byContent.length === 0
      ? `a text that begins with ${source.describe()}`
      : `what may be ${byContent.join(' or ')}${named === undefined ? '' : `, in a file named as ${named[0]}`}`
  throw new HistoryError({
    found,
    expected: 'a history in a form that can be told',
    advice: `Say which it is with --format (the option format): ${listFormats()}.`,
    ...source.placeOf(source.at),
  })
}

function formatsOfContent(source: TextSource): readonly HistoryFormat[] {
  source.ensure(beginningMax)
  const beginning = source.text.slice(source.at, source.at + beginningMax)
  // What our writer of EDN puts first.
  if (beginning.startsWith('; dure-history ')) return ['edn']
  const text = withoutBlanks(beginning)
  const isList = text.startsWith('[') || text.startsWith('(')
  const first = isList ? withoutBlanks(text.slice(1)) : text
  // An empty list is both.
  if (text.startsWith('[') && first.startsWith(']')) return ['edn', 'json']
  if (first.startsWith('{')) return formatsOfObject(first)
  if (/^#[_\w]/.test(first) || (text.startsWith('(') && first.startsWith(')'))) return ['edn']
  if (/^(?:[rw][ \t]+\d+[ \t]+\d+[ \t]*(?:\r?\n|$)|-+[ \t]*\r?\n|=+[ \t]*\r?\n)/.test(text))
    return ['isolation']
  return hasOperationLine(source) ? ['jepsen-log'] : []
}

/** Without blanks and comments of EDN in front. */
function withoutBlanks(text: string): string {
  return text.replace(/^(?:[\s,]|;[^\n]*(?:\n|$))+/, '')
}

/** A key in quotes and a colon is JSON; a colon that belongs to a keyword is not. */
function formatsOfObject(text: string): readonly HistoryFormat[] {
  if (/^\{\s*"dure-history"\s*:/.test(text)) return ['dure']
  if (/^\{\s*"(?:[^"\\]|\\.)*"\s*:\s*(?:["\d[{-]|(?:null|true|false)\b)/.test(text)) return ['json']
  return [isPorcupine(text) ? 'porcupine' : 'edn']
}

/** Its events name their keys apart from the values, and call get, put and append. */
function isPorcupine(text: string): boolean {
  const event = text.slice(0, text.indexOf('}'))
  return /:key\b/.test(event) && /:f\s+:(?:get|put|append)\b/.test(event)
}

function hasOperationLine(source: TextSource): boolean {
  for (let length = beginningMax; ; length *= 4) {
    source.ensure(length)
    const text = source.text.slice(source.at, source.at + length)
    if (new RegExp(operationInLine, 'm').test(text)) return true
    if (text.length < length || length >= logPrefixMax) return false
  }
}
