import type { HistoryValue } from '../event.ts'

/** First in a list within a list these are what a transaction does, which Jepsen's tools know as keywords. */
const microOperations: ReadonlySet<unknown> = new Set([
  ...['r', 'w', 'read', 'write', 'append', 'add', 'cas', 'inc', 'send', 'poll', 'assign', 'subscribe'],
])

/** A value as EDN that reads back as the same value, and that Jepsen's tools understand. */
export function ednText(value: HistoryValue): string {
  return textOf(value, false)
}

/** A name as a keyword where it can be one. */
export function keywordText(name: string): string {
  return /^[A-Za-z][\w.+*!?<>=-]*$/.test(name) ? `:${name}` : JSON.stringify(name)
}

function textOf(value: HistoryValue, isInList: boolean): string {
  switch (typeof value) {
    case 'number':
      return numberText(value)
    case 'bigint':
      return `${value}N`
    case 'string':
      return JSON.stringify(value)
    case 'boolean':
      return String(value)
    default:
      if (value === null) return 'nil'
      if (Array.isArray(value)) return listText(value, isInList)
      if (value instanceof Set) return `#{${[...value].map(ednText).join(' ')}}`
      return mapText(value as ReadonlyMap<HistoryValue, HistoryValue>)
  }
}

/** Integers that are doubles beyond what is read as a number keep a sign of it. */
export function numberText(value: number): string {
  if (Number.isSafeInteger(value)) return Object.is(value, -0) ? '-0.0' : String(value)
  if (Number.isNaN(value)) return '##NaN'
  if (!Number.isFinite(value)) return value > 0 ? '##Inf' : '##-Inf'
  const text = String(value)
  return /[.e]/.test(text) ? text : `${text}.0`
}

function listText(values: readonly HistoryValue[], isInList: boolean): string {
  let text = '['
  for (let at = 0; at < values.length; at++) {
    const value = values[at]!
    if (at > 0) text += ' '
    text += at === 0 && isInList && microOperations.has(value) ? `:${value}` : textOf(value, true)
  }
  return `${text}]`
}

function mapText(entries: ReadonlyMap<HistoryValue, HistoryValue>): string {
  let text = '{'
  for (const [key, value] of entries) {
    if (text !== '{') text += ', '
    text += `${typeof key === 'string' ? keywordText(key) : ednText(key)} ${textOf(value, false)}`
  }
  return `${text}}`
}
