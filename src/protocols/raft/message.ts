import type { LogIndex, NodeId, Term } from '../../foundation/ids.ts'
import type { Entry } from './entry.ts'
import type { Membership } from './membership.ts'

interface Envelope {
  readonly from: NodeId
  readonly to: NodeId
  /** The sender's term; for pre-votes the term it would campaign in. */
  readonly term: Term
}

export interface VoteRequest extends Envelope {
  readonly type: 'vote-request'
  readonly preVote: boolean
  readonly lastLogIndex: LogIndex
  readonly lastLogTerm: Term
  /** Set by a leadership transfer: voters answer although they hear a leader. */
  readonly transfer: boolean
}

export interface VoteResponse extends Envelope {
  readonly type: 'vote-response'
  readonly preVote: boolean
  readonly granted: boolean
  /**
   * What the voter knows to be committed. A candidate that holds this entry learns that it is: it may be the last one
   * who needs to know that the voter was removed (and so can neither lead nor, with its longer log, vote for it).
   */
  readonly commitIndex: LogIndex
  readonly commitTerm: Term
}

export interface AppendRequest extends Envelope {
  readonly type: 'append-request'
  readonly previousLogIndex: LogIndex
  readonly previousLogTerm: Term
  readonly commitIndex: LogIndex
  readonly entries: readonly Entry[]
}

/** Sent after the entries were synced (when accepted). */
export interface AppendResponse extends Envelope {
  readonly type: 'append-response'
  readonly accepted: boolean
  /** Accepted: the last index known to match. Rejected: the `previousLogIndex` that was refused. */
  readonly matchIndex: LogIndex
  /** Rejected: where the leader may look next (index and the follower's term there). */
  readonly hintIndex: LogIndex
  readonly hintTerm: Term
}

/** Never waits for a disk: it proves that the leader is alive, and carries read confirmation. */
export interface Heartbeat extends Envelope {
  readonly type: 'heartbeat'
  /** At most what the follower is known to match. */
  readonly commitIndex: LogIndex
  /** The newest read that an answer to this confirms; 0 for none. Grows within a term and is never used again. */
  readonly readContext: number
}

export interface HeartbeatResponse extends Envelope {
  readonly type: 'heartbeat-response'
  readonly readContext: number
}

/** What a snapshot holds everything up to, and who the members were there. */
export interface SnapshotMeta {
  readonly index: LogIndex
  readonly term: Term
  readonly membership: Membership
}

export interface SnapshotChunk extends Envelope {
  readonly type: 'snapshot-chunk'
  readonly meta: SnapshotMeta
  /** Position of this chunk: 0, 1, 2 … */
  readonly chunk: number
  readonly last: boolean
  readonly bytes: Uint8Array
}

/** Acknowledges chunks up to `nextChunk` - 1, or, with `installed`, the whole snapshot. */
export interface SnapshotResponse extends Envelope {
  readonly type: 'snapshot-response'
  readonly index: LogIndex
  /** The chunk wanted next: a transfer resumes there. */
  readonly nextChunk: number
  readonly installed: boolean
}

/** The leader asks a caught-up follower to campaign at once (dissertation, section 3.10). */
export interface TimeoutNow extends Envelope {
  readonly type: 'timeout-now'
}

export type Message =
  | VoteRequest
  | VoteResponse
  | AppendRequest
  | AppendResponse
  | Heartbeat
  | HeartbeatResponse
  | SnapshotChunk
  | SnapshotResponse
  | TimeoutNow
