import type { HistoryEvent, HistoryValue } from '../history/event.ts'
import type { RecordedHistory } from '../history/recorded-history.ts'

/** For tests: one transaction to be put down. */
export interface SketchedTransaction {
  readonly process?: number | string
  readonly outcome?: 'ok' | 'failed' | 'unknown'
  /** `['append', key, element]`, `['w', key, value]`, `['r', key, found]`. */
  readonly steps: readonly (readonly HistoryValue[])[]
}

type Unnumbered = Omit<HistoryEvent, 'index'>

/** For tests: the call of a transaction, which does not know yet what it will read. */
export const invoke = (process: number | string, { steps }: SketchedTransaction): Unnumbered => ({
  process,
  type: 'invoke',
  f: 'txn',
  value: steps.map((step) => (step[0] === 'r' ? ['r', step[1]!, null] : step)),
})

/** For tests: the end of a transaction. */
export const end = (
  process: number | string,
  { steps, outcome = 'ok' }: SketchedTransaction,
): Unnumbered => ({
  process,
  type: ({ ok: 'ok', failed: 'fail', unknown: 'info' } as const)[outcome],
  f: 'txn',
  value: steps,
})

/** For tests: events in this order. */
export const recordedHistory = (...events: readonly Unnumbered[]): RecordedHistory => ({
  origin: 'jepsen',
  events: events.map((event, index) => ({ index, ...event })),
})

/**
 * For tests: transactions by clients of their own, all called before the first returns, so that only what they read and
 * wrote tells of their order. `failed` and `unknown` ones do not know what they read.
 */
export function concurrentHistory(...transactions: readonly SketchedTransaction[]): RecordedHistory {
  const calls = transactions.map((each, at) => invoke(each.process ?? at, each))
  return recordedHistory(...calls, ...transactions.map((each, at) => end(each.process ?? at, each)))
}

/** For tests: the same one after the other, by one client unless they say. */
export function serialHistory(...transactions: readonly SketchedTransaction[]): RecordedHistory {
  return recordedHistory(
    ...transactions.flatMap((each) => [invoke(each.process ?? 0, each), end(each.process ?? 0, each)]),
  )
}
