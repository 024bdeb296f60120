import type { HistoryOrigin } from '../../proof/verify/history/recorded-history.ts'
import type { CheckResult } from '../../proof/verify/verdict/verdict.ts'

/** What a thread answers about a history: the checker's result, and what it was about. */
export interface CheckedHistory {
  /** The file as it was named. */
  readonly source: string
  /** What was found in it; undefined when the memory ended before it was read. */
  readonly history: { readonly origin: HistoryOrigin; readonly events: number } | undefined
  readonly model: string | undefined
  /** Undefined for checks without levels. */
  readonly consistency: string | undefined
  readonly result: CheckResult
  /** Reading included. */
  readonly tookMs: number
}
