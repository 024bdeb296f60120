import type { LogIndex, NodeId, Term } from '../../foundation/ids.ts'
import type { Entry } from './entry.ts'
import type { Membership } from './membership.ts'
import type { Message, SnapshotMeta } from './message.ts'

/** Term, vote and commit index: what a node must remember besides its log. Term and vote reach the disk together. */
export interface HardState {
  readonly term: Term
  readonly vote: NodeId | undefined
  readonly commitIndex: LogIndex
}

export type Role = 'follower' | 'pre-candidate' | 'candidate' | 'leader'

/**
 * What a host must do, in the order given. Messages that must wait for the disk are held inside the core until the
 * matching `persisted` event, so a host can never send one too early.
 */
export type Effect =
  /** May leave at once. */
  | { readonly type: 'send'; readonly message: Message }
  /**
   * Write and sync, in order of `sequence`, then answer with `persisted`; several may be joined into one sync. The
   * first entry replaces everything at or after its index.
   */
  | {
      readonly type: 'persist'
      readonly sequence: number
      /** Absent when unchanged. A change of the commit index alone makes no `persist` of its own. */
      readonly hardState: HardState | undefined
      readonly entries: readonly Entry[]
      /** The log is dropped and begins after this place (a snapshot was installed). Comes before the entries. */
      readonly reset: { readonly index: LogIndex; readonly term: Term } | undefined
    }
  /** Committed and locally durable: apply in order. */
  | { readonly type: 'apply'; readonly entries: readonly Entry[] }
  /** The commands of `propose` were appended at `firstIndex` … in `term`. Not committed yet. */
  | { readonly type: 'proposed'; readonly token: number; readonly firstIndex: LogIndex; readonly term: Term }
  /** A `propose`, `change-membership` or `read` certainly did not and will not happen. */
  | {
      readonly type: 'refused'
      readonly token: number
      readonly reason: RefusalReason
      readonly leader: NodeId | undefined
    }
  /** A `read` is linearizable once the state at `index` is applied. */
  | { readonly type: 'read'; readonly token: number; readonly index: LogIndex }
  /** Role, term or leader changed. */
  | { readonly type: 'role'; readonly role: Role; readonly term: Term; readonly leader: NodeId | undefined }
  /**
   * A membership takes effect. Comes right before the `apply` that begins with its entry, at `index` (or after a snapshot
   * was installed there): what a host notes with each batch it applies is the newest membership it was told.
   */
  | { readonly type: 'membership'; readonly membership: Membership; readonly index: LogIndex }
  /** Wake me with a `tick` at this time of the clock at the latest; replaces the previous deadline. */
  | { readonly type: 'deadline'; readonly atMs: number }
  /** Entries up to and including `index` left the core; the host may drop them from its log. */
  | { readonly type: 'compacted'; readonly index: LogIndex; readonly term: Term }
  /**
   * Read a chunk for a follower: chunk 0 of a fresh snapshot, or the given one of the snapshot at `index`. A snapshot of
   * nothing helps nobody: a table that was never flushed is flushed first.
   */
  | {
      readonly type: 'read-snapshot'
      readonly to: NodeId
      readonly index: LogIndex | undefined
      readonly chunk: number
    }
  /** The transfer to this follower ended, one way or the other: release what was held for it. */
  | { readonly type: 'snapshot-done'; readonly to: NodeId }
  /** Store a chunk of an incoming snapshot. Chunk 0 discards an unfinished one. */
  | {
      readonly type: 'write-snapshot'
      readonly meta: SnapshotMeta
      readonly chunk: number
      readonly last: boolean
      readonly bytes: Uint8Array
    }
  /** Make the received snapshot the table, in one durable step. */
  | { readonly type: 'install-snapshot'; readonly meta: SnapshotMeta }

/**
 * - `not-leader`: ask `leader`, if one is known.
 * - `leader-changing`: leadership is being transferred; soon another one leads.
 * - `overloaded`: too many uncommitted bytes wait already.
 * - `leadership-lost`: a read that waited for confirmation will not get it.
 * - `membership-busy`: another change is under way.
 * - `membership-invalid`: the change makes no sense (no voter left, leaving a configuration that is not joint …).
 */
export type RefusalReason =
  | 'not-leader'
  | 'leader-changing'
  | 'overloaded'
  | 'leadership-lost'
  | 'membership-busy'
  | 'membership-invalid'
