import type { ErrorCode, Outcome } from '../../foundation/errors.ts'
import type { GroupId, LogIndex, NodeId } from '../../foundation/ids.ts'
import type { StoredRow } from '../../ports/key-value/key-value-store.ts'
import type { Version } from '../../ports/key-value/version.ts'
import type { Message } from '../../protocols/raft/message.ts'
import type { CommandResult } from '../command/command.ts'
import type { ChangeBatch } from './change-batch.ts'

/**
 * What travels between endpoints. One message of the network carries many parcels: all that a turn of the event loop
 * had for one endpoint.
 */
export type Parcel =
  | { readonly type: 'raft'; readonly group: GroupId; readonly message: Message }
  | RequestParcel
  | ResponseParcel
  | ChangesParcel
  | WatchParcel

export interface RequestParcel {
  readonly type: 'request'
  /** Chosen by the sender, unique among its open requests. */
  readonly id: number
  readonly group: GroupId
  /** What is left of the caller's deadline. The receiver gives up then. */
  readonly timeoutMs: number
  /** 1 when a follower passed it on: it is not passed on again. */
  readonly hops: number
  readonly request: Request
}

export interface ResponseParcel {
  readonly type: 'response'
  readonly id: number
  readonly response: Response
}

/**
 * Part of one or more watches of a connection: one batch, however many of them it is for. Without a change it says that the
 * node is there, and how far it has come.
 */
export interface ChangesParcel {
  readonly type: 'changes'
  readonly watches: readonly {
    /** Of the request that opened the watch. */
    readonly id: number
    /** 1 for the first one of a watch, then one more each: so a watcher sees what is missing, late or there twice. */
    readonly sequence: number
  }[]
  readonly batch: ChangeBatch
}

/** From a watcher to the node that serves it. No answer. */
export interface WatchParcel {
  readonly type: 'watch'
  readonly group: GroupId
  /** The id of the request that opened the watch. */
  readonly id: number
  /**
   * Bytes of changes (`changeSizeBytes`) that the node may send in all, since it was opened; 0 ends the watch. A total,
   * so that it does no harm when one is lost, comes twice or late.
   */
  readonly allowedBytes: number
}

export type Consistency = 'strong' | 'eventual'

export type Request =
  /** An encoded `Command`, passed into the log as it is but for its log time. */
  | { readonly kind: 'command'; readonly command: Uint8Array }
  | { readonly kind: 'get'; readonly key: Uint8Array; readonly consistency: Consistency }
  | {
      readonly kind: 'range'
      readonly from: Uint8Array
      /** Not included; undefined for the end. */
      readonly to: Uint8Array | undefined
      readonly limit: number
      readonly consistency: Consistency
      /** The snapshot of the first page, 0 to open one. */
      readonly snapshot: number
    }
  | { readonly kind: 'end-range'; readonly snapshot: number }
  /** The place of now, a strong read. Answered by `cursor`. */
  | { readonly kind: 'cursor' }
  /**
   * Followed by any number of `ChangesParcel`, the first at once and without a change, and answered by an error at last;
   * by the very node that was asked, a follower too, from what it has applied. Not passed on.
   */
  | {
      readonly kind: 'watch'
      readonly from: Uint8Array
      /** Not included; undefined for the end. */
      readonly to: Uint8Array | undefined
      readonly after: ChangePlace
      /**
       * Bytes of changes that may be sent until a `WatchParcel` allows more. While half of this or more is open, one
       * change of any size may be sent.
       */
      readonly windowBytes: number
    }
  /** Answers with the node's status as JSON. */
  | { readonly kind: 'status' }
  | MemberRequest

/**
 * A change of the membership, answered by `done` once it is in force. Each is safe to repeat.
 *
 * - `add`: a learner, that copies everything and decides nothing.
 * - `announce`: a member says itself where it listens now.
 * - `promote`: a learner that has caught up becomes a voter.
 * - `remove`: for good; its id is never used again.
 */
export interface MemberRequest {
  readonly kind: 'member'
  readonly change: 'add' | 'announce' | 'promote' | 'remove'
  readonly node: NodeId
  /** Where it listens; '' when that is not asked. */
  readonly peerAddress: string
  readonly httpAddress: string
  /** Even when those that are left cannot decide anything. */
  readonly force: boolean
}

/**
 * A place between two changes. All changes of the entries below `index` lie before it, and the first `ordinal` of entry
 * `index`. So `{ index: n + 1, ordinal: 0 }` lies after everything of entry n.
 */
export interface FeedPlace {
  readonly index: LogIndex
  readonly ordinal: number
}

/** A place that another node can go on from; a port's `Cursor` is its text. */
export interface ChangePlace extends FeedPlace {
  /** Names the history that the index belongs to: a restored cluster has another one. */
  readonly history: number
}

/** A change's version is the index of its entry. `value` undefined for a deletion. */
export interface WireChange {
  readonly key: Uint8Array
  readonly value: Uint8Array | undefined
  readonly version: Version
  /** Its number among the changes of its entry, from 1: the `ordinal` of the place right after it. */
  readonly ordinal: number
}

export type Response =
  | { readonly status: 'command'; readonly result: CommandResult }
  /** `value` undefined and version 0 when absent. */
  | { readonly status: 'value'; readonly value: Uint8Array | undefined; readonly version: Version }
  | {
      readonly status: 'rows'
      readonly rows: readonly StoredRow[]
      /** Where the next page begins; undefined when this was the last one. */
      readonly next: Uint8Array | undefined
      /** Held for the pages to come by the node that answered, or that it asked; 0 when none is needed. */
      readonly snapshot: number
    }
  | { readonly status: 'cursor'; readonly place: ChangePlace }
  | { readonly status: 'done' }
  | { readonly status: 'json'; readonly json: string }
  | ErrorResponse

export interface ErrorResponse {
  readonly status: 'error'
  readonly code: ErrorCode
  readonly outcome: Outcome
  readonly retryable: boolean
  /** 0 for none. */
  readonly retryAfterMs: number
  readonly message: string
  /** Where the leader is thought to be: node id and client address; 0 and '' when unknown. */
  readonly leader: number
  readonly leaderAddress: string
}
