import type { HistoryValue } from './event.ts'
import type { OperationOutcome } from './operation.ts'

/** A call of a recorded history together with what became of it: what `pairEvents` makes of events. */
export interface RecordedOperation {
  readonly process: number | string
  readonly f: string
  readonly key?: HistoryValue
  /** What was asked: the value of the `invoke`. */
  readonly value: HistoryValue
  /** What was answered: the value of the `ok`, or of the `fail`; undefined when nothing was. */
  readonly answer: HistoryValue | undefined
  /** `ok`, `failed` for `fail`, `unknown` for `info` and for calls that never returned. */
  readonly outcome: OperationOutcome
  /** `index` of the call. */
  readonly call: number
  /** `index` of the `ok` or `fail`; undefined for what is unknown, which may take effect at any later time. */
  readonly return: number | undefined
  readonly callTimeNs?: number
  readonly returnTimeNs?: number
  readonly error?: HistoryValue
}
