import type { HistoryFormat } from '../../proof/verify/history/format/history-format.ts'
import type { HistoryOrigin } from '../../proof/verify/history/recorded-history.ts'
import type { CheckResult } from '../../proof/verify/verdict/verdict.ts'

export interface HistoryRead {
  readonly format: HistoryFormat
  readonly origin: HistoryOrigin
  readonly events: number
  /** Whether its values were taken as pairs of a key and a value. */
  readonly keyed: boolean
}

/** What a thread answers about a history: the checker's result, and what it was about. */
export interface CheckedHistory {
  /** The file as it was named. */
  readonly source: string
  /** What was found in it; undefined when the memory ended before it was read. */
  readonly history: HistoryRead | undefined
  readonly model: string | undefined
  /** Undefined for checks without levels. */
  readonly consistency: string | undefined
  readonly result: CheckResult
  /** Reading included. */
  readonly tookMs: number
}
