import { unreachable } from '../../../foundation/assert.ts'
import type { HistoryEvent } from './event.ts'
import { type HistoryFormat, originOf } from './format/history-format.ts'
import { dureHeader, dureLine } from './format/write-dure.ts'
import { ednHeader, ednLine } from './format/write-edn.ts'
import { jepsenLogLine } from './format/write-jepsen-log.ts'
import { jsonLine } from './format/write-json.ts'
import { porcupineLine } from './format/write-porcupine.ts'
import { SessionsWriter } from './format/write-sessions.ts'
import { HistoryError } from './history-error.ts'
import type { HistoryOrigin } from './recorded-history.ts'

export interface WriteOptions {
  /**
   * `dure`, our JSON lines, unless told. It and `edn` hold every history; the others what their tools can say, and
   * histories of those tools alone, because a reader goes by the form to tell whose defaults hold.
   */
  readonly format?: HistoryFormat
}

/** What is written: a whole history, or its events as they come. */
export interface WrittenHistory {
  readonly origin: HistoryOrigin
  readonly events: Iterable<HistoryEvent>
}

const chunkCharacters = 1 << 16

/**
 * A history as text, in chunks, holding no more than one.
 *
 * ```ts
 * for (const chunk of writeHistory(history, { format: 'edn' })) stream.write(chunk)
 * ```
 *
 * What `readHistory` makes of it is the same history, its origin included; what cannot be said in the form is refused with
 * a `HistoryError` that names the event.
 */
export function* writeHistory(history: WrittenHistory, options: WriteOptions = {}): Generator<string> {
  const { header, line, end } = writerOf(options.format ?? 'dure', history.origin)
  let chunk = header
  let position = 0
  for (const event of history.events) {
    chunk += line(event, position++)
    if (chunk.length < chunkCharacters) continue
    yield chunk
    chunk = ''
  }
  chunk += end?.() ?? ''
  if (chunk !== '') yield chunk
}

interface Writer {
  readonly header: string
  readonly line: (event: HistoryEvent, position: number) => string
  readonly end?: () => string
}

function writerOf(format: HistoryFormat, origin: HistoryOrigin): Writer {
  switch (format) {
    case 'dure':
      return { header: dureHeader(origin), line: dureLine }
    case 'edn':
      return { header: ednHeader(origin), line: ednLine }
    default:
      if (origin !== originOf(format)) throw ofAnother(format, origin)
      return bareWriterOf(format)
  }
}

/** Forms that say by themselves whose defaults hold. */
function bareWriterOf(format: Exclude<HistoryFormat, 'dure' | 'edn'>): Writer {
  switch (format) {
    case 'json':
      return { header: '', line: jsonLine }
    case 'jepsen-log':
      return { header: '', line: jepsenLogLine }
    case 'porcupine':
      return { header: '', line: porcupineLine }
    case 'isolation': {
      const writer = new SessionsWriter()
      return { header: '', line: (event, position) => writer.line(event, position), end: () => writer.end() }
    }
    default:
      return unreachable(format)
  }
}

function ofAnother(format: HistoryFormat, origin: HistoryOrigin): HistoryError {
  return new HistoryError({
    found: `a history of origin ${origin} to be written as ${format}`,
    expected: `one of origin ${originOf(format)}, which readers of that form take it for`,
    advice: 'Write it as dure or edn, which name the origin.',
  })
}
