import type { ErrorCode } from '../../foundation/errors.ts'
import type { CheckRequest } from '../../proof/verify/catalogue/named-check.ts'
import type { HistoryFormat } from '../../proof/verify/history/format/history-format.ts'
import type { CheckedHistory } from './checked-history.ts'
import type { HistoryInput } from './history-input.ts'

/** What a thread is asked: read this history and check it. */
export interface CheckJob {
  readonly input: HistoryInput
  readonly format: HistoryFormat | undefined
  readonly request: CheckRequest
  readonly limits: CheckLimits
  /** How many may work at parts of it. */
  readonly threads: number
}

export interface CheckLimits {
  readonly memoryBytes: number
  /** Milliseconds since 1970, when the check is over: threads have no other clock in common. */
  readonly deadlineMs: number
}

/** What it answers. */
export type CheckAnswer =
  | { readonly kind: 'checked'; readonly checked: CheckedHistory }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly message: string }
