import { unreachable } from '../../../foundation/assert.ts'
import type { HistoryEvent } from './event.ts'
import { dureHeader, dureLine } from './format/write-dure.ts'
import { ednHeader, ednLine } from './format/write-edn.ts'
import type { HistoryOrigin } from './recorded-history.ts'

/** The forms that every history can be written in, and read again as the same. */
export type WrittenFormat = 'dure' | 'edn'

export interface WriteOptions {
  /** `dure`, our JSON lines, unless told; `edn` for Jepsen's tools. */
  readonly format?: WrittenFormat
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
 * What `readHistory` makes of it is the same history, its origin included.
 */
export function* writeHistory(history: WrittenHistory, options: WriteOptions = {}): Generator<string> {
  const { header, line } = writerOf(options.format ?? 'dure', history.origin)
  let chunk = header
  for (const event of history.events) {
    chunk += line(event)
    if (chunk.length < chunkCharacters) continue
    yield chunk
    chunk = ''
  }
  if (chunk !== '') yield chunk
}

interface Writer {
  readonly header: string
  readonly line: (event: HistoryEvent) => string
}

function writerOf(format: WrittenFormat, origin: HistoryOrigin): Writer {
  switch (format) {
    case 'dure':
      return { header: dureHeader(origin), line: dureLine }
    case 'edn':
      return { header: ednHeader(origin), line: ednLine }
    default:
      return unreachable(format)
  }
}
