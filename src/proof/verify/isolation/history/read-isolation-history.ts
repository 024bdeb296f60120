import { readSessions } from '../../history/format/read-sessions.ts'
import { decodeChunks, type HistoryChunks } from '../../history/text/decode-chunks.ts'
import type { IsolationHistory } from './isolation-history.ts'
import { IsolationHistoryBuilder } from './isolation-history-builder.ts'

/**
 * Reads AWDIT's text straight into an `IsolationHistory`, without events: `r key value` and `w key value` a line, `-----`
 * between transactions, `=====` between sessions.
 *
 * ```ts
 * const history = readIsolationHistory([readFileSync('history.txt')])
 * checkIsolation(history, { consistency: 'causal' })
 * ```
 *
 * Chunks may be cut anywhere. A read of 0 that nobody wrote is of the initial state, as in the forms that AWDIT's
 * histories come from.
 */
export function readIsolationHistory(chunks: HistoryChunks): IsolationHistory {
  const builder = new IsolationHistoryBuilder({ initialValue: 0 })
  readSessions(decodeChunks(chunks), builder)
  return builder.build()
}
