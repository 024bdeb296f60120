/**
 * What is known about a call that threw.
 * - `failed`: it certainly did not and will not happen.
 * - `unknown`: it may have happened, or may happen yet.
 */
export type Outcome = 'failed' | 'unknown'

/** Stable codes: programs may branch on them, so one is never renamed or given another meaning. */
export type ErrorCode =
  | 'aborted' // the caller's signal fired
  | 'closed' // the store, node or client was closed
  | 'compacted' // the place that a watch should go on from is no longer kept: read again and start anew
  | 'comparison-failed' // an expected version was not the current one
  | 'corrupt' // stored bytes do not match their checksum
  | 'data-directory' // the data directory belongs to another node, or to a newer format
  | 'disk' // the disk refused: full, read-only, failed
  | 'forgotten' // an empty data directory under a known id: its vote is lost
  | 'invalid' // the request itself is wrong
  | 'lease-lost' // the lease expired, was released, or never existed
  | 'not-leader' // this node cannot serve it and knows no leader that can
  | 'overloaded' // too much is in flight: slow down and retry
  | 'protocol' // a malformed, unknown or too large frame
  | 'removed' // this node does not belong to the cluster any more
  | 'session-expired' // the idempotency record is gone: the outcome of a retry cannot be told
  | 'snapshot-expired' // the pages of this range belong to a snapshot that is gone: start again
  | 'timeout' // the deadline passed
  | 'unavailable' // no majority, no connection
  | 'unsupported' // this engine or combination cannot promise that
  | 'wrong-cluster' // the peer belongs to another cluster

/**
 * The one error class of Dure.
 *
 * ```ts
 * try {
 *   await accounts.put('alice', value, { ifVersion })
 * } catch (error) {
 *   if (error instanceof DureError && error.outcome === 'unknown') await readBack()
 * }
 * ```
 *
 * A message says what was asked, what was found and what to do.
 */
export class DureError extends Error {
  override readonly name = 'DureError'
  readonly code: ErrorCode
  readonly outcome: Outcome
  /** True when the same call may succeed later without a change by the caller. */
  readonly retryable: boolean
  /** How long to wait before a retry; set when the server asked to slow down. */
  readonly retryAfterMs: number | undefined

  constructor(code: ErrorCode, message: string, options: DureErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.outcome = options.outcome ?? 'failed'
    this.retryable = options.retryable ?? false
    this.retryAfterMs = options.retryAfterMs
  }
}

export interface DureErrorOptions {
  /** `failed` unless said otherwise. */
  readonly outcome?: Outcome
  readonly retryable?: boolean
  readonly retryAfterMs?: number
  readonly cause?: unknown
}
