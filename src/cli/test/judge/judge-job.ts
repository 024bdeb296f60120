import type { ErrorCode } from '../../../foundation/errors.ts'
import type { CheckResult } from '../../../proof/verify/verdict/verdict.ts'

/** What a thread is asked: judge this history as the run of a workload. */
export interface JudgeJob {
  /** Its `history.jsonl`. */
  readonly path: string
  readonly workload: string
  readonly memoryBytes: number
  /** Milliseconds since 1970: threads have no other clock in common. */
  readonly deadlineMs: number
}

export type JudgeAnswer =
  | { readonly kind: 'judged'; readonly result: CheckResult }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly message: string }
