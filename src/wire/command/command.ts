import type { LeaseId, SessionId } from '../../foundation/ids.ts'
import type { FencingToken } from '../../ports/key-value/lease.ts'
import type { Version } from '../../ports/key-value/version.ts'

/** What a Raft entry of kind `command` holds: the input of the replicated state machine. */
export type Command =
  | OpenSessionCommand
  | CommitCommand
  | GrantLeaseCommand
  | KeepLeasesCommand
  | EndLeaseCommand
  | AdvanceTimeCommand

/** Log time is no wall time: it advances only while somebody leads, at the rate of the leader's monotonic clock. */
interface Timed {
  /**
   * The leader's log clock when it proposed, written into the encoded command in place by `stampLogTime`. The state
   * machine takes the largest it has seen, so log time never goes back.
   */
  readonly logTimeMs: number
}

/** Answered by `session-opened`. Its session id is the index of its entry. */
export interface OpenSessionCommand extends Timed {
  readonly kind: 'open-session'
}

/** Every write: comparisons, then operations, as one. */
export interface CommitCommand extends Timed {
  readonly kind: 'commit'
  /** 0 for none: then nothing is remembered. */
  readonly session: SessionId
  /** Grows by one for each new request of the session; 0 without a session. */
  readonly sequence: number
  /** All sequences below this were answered to the client: their responses may be forgotten. */
  readonly lowWater: number
  /** Remembered by itself, without a session (HTTP's `Idempotency-Key`); empty for none. */
  readonly idempotencyKey: string
  readonly comparisons: readonly { readonly key: Uint8Array; readonly version: Version }[]
  readonly operations: readonly CommandOperation[]
}

/** Told apart from a retry by session and sequence, as a commit. The lease's id is the index of its entry. */
export interface GrantLeaseCommand extends Timed {
  readonly kind: 'grant-lease'
  readonly session: SessionId
  readonly sequence: number
  readonly lowWater: number
  readonly ttlMs: number
}

/** Safe to repeat. */
export interface KeepLeasesCommand extends Timed {
  readonly kind: 'keep-leases'
  readonly leases: readonly LeaseId[]
}

/** Removes the lease and its keys. Safe to repeat. */
export interface EndLeaseCommand extends Timed {
  readonly kind: 'end-lease'
  readonly lease: LeaseId
}

/** Only log time passes, so that what is due expires without other traffic. Proposed by the leader itself. */
export interface AdvanceTimeCommand extends Timed {
  readonly kind: 'advance-time'
}

export type CommandOperation =
  | {
      readonly kind: 'put'
      readonly key: Uint8Array
      readonly value: Uint8Array
      readonly ttlMs?: number
      /** Not together with a `ttlMs`. */
      readonly lease?: LeaseId
    }
  | { readonly kind: 'delete'; readonly key: Uint8Array }

/** What applying a command gives; remembered for retries, so it is small and never holds values. */
export type CommandResult =
  | { readonly kind: 'session-opened'; readonly session: SessionId }
  | { readonly kind: 'committed'; readonly version: Version; readonly existed: readonly boolean[] }
  | { readonly kind: 'comparison-failed'; readonly found: readonly Version[] }
  /** The session is unknown or expired, or the response was already acknowledged: what happened cannot be told. */
  | { readonly kind: 'session-expired' }
  /** A retry carried the same token with another request. */
  | { readonly kind: 'token-reused' }
  /** Too many idempotency records or sessions are kept: nothing was done. */
  | { readonly kind: 'overloaded' }
  | { readonly kind: 'lease-granted'; readonly lease: LeaseId; readonly token: FencingToken }
  /** For each lease of the command, whether it was there and lives on. */
  | { readonly kind: 'leases-kept'; readonly kept: readonly boolean[] }
  | { readonly kind: 'lease-ended'; readonly existed: boolean }
  /** A put named a lease that is gone: nothing was done. */
  | { readonly kind: 'lease-gone'; readonly lease: LeaseId }
  /** A put would have given a lease more keys than it may hold: nothing was done. */
  | { readonly kind: 'lease-full'; readonly lease: LeaseId }
  /** As many leases are held as may be: none was granted. */
  | { readonly kind: 'too-many-leases' }
  | { readonly kind: 'time-advanced' }
  /** Malformed bytes of a known kind of command. Nothing was done. */
  | { readonly kind: 'invalid'; readonly message: string }
