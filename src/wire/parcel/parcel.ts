import type { ErrorCode, Outcome } from '../../foundation/errors.ts'
import type { GroupId } from '../../foundation/ids.ts'
import type { StoredRow } from '../../ports/key-value/key-value-store.ts'
import type { Version } from '../../ports/key-value/version.ts'
import type { Message } from '../../protocols/raft/message.ts'
import type { CommandResult } from '../command/command.ts'

/**
 * What travels between endpoints. One message of the network carries many parcels: all that a turn of the event loop
 * had for one endpoint.
 */
export type Parcel =
  | { readonly type: 'raft'; readonly group: GroupId; readonly message: Message }
  | RequestParcel
  | ResponseParcel

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
  /** Answers with the node's status as JSON. */
  | { readonly kind: 'status' }

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
