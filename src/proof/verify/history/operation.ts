/**
 * - `ok`: it happened, and `output` is what the caller saw (a comparison that failed is such an answer).
 * - `failed`: it certainly did not and will not happen.
 * - `unknown`: it may have happened, may happen at any later time, or never.
 */
export type OperationOutcome = 'ok' | 'failed' | 'unknown'

/** One call of a client: what was asked, what came back, and when, in the order of all events of the history. */
export interface Operation<Input, Output> {
  /** Which client made the call. */
  readonly process: number | string
  readonly input: Input
  /** Place of the call in the total order of events. */
  readonly call: number
  /** Place of the return; undefined while open. Says nothing of when an `unknown` operation takes effect. */
  readonly return: number | undefined
  /** An open operation is `unknown`. */
  readonly outcome: OperationOutcome
  /** Undefined unless `ok`. */
  readonly output: Output | undefined
}

export type History<Input, Output> = readonly Operation<Input, Output>[]
