import { EdnReader } from '../edn/edn-reader.ts'
import type { EventType, HistoryEvent, HistoryValue } from '../event.ts'
import { HistoryError } from '../history-error.ts'
import { readLines } from '../text/read-lines.ts'
import { TextSource } from '../text/text-source.ts'

/**
 * An operation in a line of Jepsen's log: process, type, function, value and perhaps an error, with tabs between, after
 * whatever the logger put before: `INFO  jepsen.util - 3⇥:invoke⇥:cas⇥[1 2]`, `…{GMT}⇥INFO⇥[jepsen worker 3] jepsen.util: 3⇥…`.
 */
export const operationInLine = /(?:^|\s)(\d+|:[\w.-]+)\t:(invoke|ok|fail|info)\t:([^\s\t]+)(?:\t|$)/

/** What begins as an operation in a line that Jepsen's own logger wrote. */
const almostOperation = /jepsen\.util[\s:-]{1,4}(?:\d+|:nemesis)\t/

/** Where a reader of lines is: the line of the event that it gave last. */
export interface LinePlace {
  line: number
}

export function* readJepsenLog(chunks: Iterable<string>, place: LinePlace): Generator<HistoryEvent> {
  let line = 0
  let index = 0
  for (const text of readLines(chunks)) {
    line++
    const found = operationInLine.exec(text)
    if (found === null) {
      if (almostOperation.test(text)) throw malformed(text, line)
      continue
    }
    place.line = line
    yield readOperation(text, found, line, index++)
  }
  if (index === 0)
    throw new HistoryError({
      found: `no operation in ${line} lines`,
      expected: 'lines such as jepsen.util - 0⇥:invoke⇥:read⇥nil, with tabs between the parts',
      advice: 'Copy the log with its tabs, or say what it is with --format.',
    })
}

function readOperation(text: string, found: RegExpExecArray, line: number, index: number): HistoryEvent {
  const [, processText, typeText, f] = found
  const process = processText!.startsWith(':') ? processText!.slice(1) : Number(processText)
  const type = typeText as EventType
  const parts = readParts(text, found.index + found[0].length, line)
  const value = parts[0] ?? null
  if (type === 'invoke' || type === 'ok')
    return { index, process, type, f: f!, value, ...(parts.length < 2 ? {} : { error: parts[1]! }) }
  if (parts.length >= 2) return { index, process, type, f: f!, value, error: parts[1]! }
  // Older logs have the error where the value was: `:info⇥:cas⇥:timed-out`.
  const isError = text.charCodeAt(found.index + found[0].length) === 58
  return isError
    ? { index, process, type, f: f!, value: null, error: value }
    : { index, process, type, f: f!, value }
}

/** The value and, where there is one, the error. */
function readParts(text: string, from: number, line: number): readonly HistoryValue[] {
  const plain = plainValue(text, from)
  if (plain !== undefined) return [plain]
  const source = new TextSource([text.slice(from)])
  const reader = new EdnReader(source)
  const parts: HistoryValue[] = []
  try {
    while (parts.length < 2 && reader.next() !== -1) parts.push(reader.read())
  } catch (error) {
    if (error instanceof HistoryError) throw error.at(line, (error.column ?? 1) + from)
    throw error
  }
  return parts
}

/** Most values are a small number or nil. */
function plainValue(text: string, from: number): HistoryValue | undefined {
  const length = text.length - from
  if (length === 0) return null
  if (length === 3 && text.startsWith('nil', from)) return null
  if (length > 15 || (length > 1 && text.charCodeAt(from) === 48)) return undefined
  let value = 0
  for (let at = from; at < text.length; at++) {
    const digit = text.charCodeAt(at) - 48
    if (!(digit >= 0 && digit <= 9)) return undefined
    value = value * 10 + digit
  }
  return value
}

function malformed(text: string, line: number): HistoryError {
  return new HistoryError({
    found: JSON.stringify(text.length > 80 ? `${text.slice(0, 79)}…` : text),
    expected: 'process, :invoke :ok :fail or :info, :function and value, with tabs between',
    advice: 'The line is cut off or malformed: remove it, or record it again.',
    line,
    column: 1,
  })
}
