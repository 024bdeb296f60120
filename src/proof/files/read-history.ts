import { readChunks } from '../../runtime/node/read-chunks.ts'
import {
  type HistoryStream,
  type ParseOptions,
  parseHistory,
  streamHistory,
} from '../verify/history/parse-history.ts'
import type { RecordedHistory } from '../verify/history/recorded-history.ts'
import type { HistoryChunks } from '../verify/history/text/decode-chunks.ts'

/**
 * Reads a history that any of the known tools recorded: a file by its path or URL, or chunks of bytes or text.
 *
 * ```ts
 * const history = readHistory('history.edn')
 * const other = readHistory('history.txt', { format: 'porcupine' })
 * ```
 *
 * The form is told by how the text begins and by the file's name; `format` decides where that is not enough. Throws a
 * `HistoryError` with line and column where the text is no history, a `DureError` when the file cannot be read.
 */
export function readHistory(file: string | URL | HistoryChunks, options: ParseOptions = {}): RecordedHistory {
  const { chunks, fileName } = contentOf(file)
  return parseHistory(chunks, { ...(fileName === undefined ? {} : { fileName }), ...options })
}

/**
 * The same, event by event: for histories that are passed on or counted, and need not be held. The file is open until the
 * walk through the events ends, or is left.
 *
 * ```ts
 * for (const event of readEvents('history.edn').events) count(event.type)
 * ```
 */
export function readEvents(file: string | URL | HistoryChunks, options: ParseOptions = {}): HistoryStream {
  const { chunks, fileName } = contentOf(file)
  return streamHistory(chunks, { ...(fileName === undefined ? {} : { fileName }), ...options })
}

function contentOf(file: string | URL | HistoryChunks): {
  readonly chunks: HistoryChunks
  readonly fileName?: string
} {
  if (typeof file !== 'string' && !(file instanceof URL)) return { chunks: file }
  return {
    chunks: readChunks(file),
    fileName: typeof file === 'string' ? file : decodeURIComponent(file.pathname),
  }
}
