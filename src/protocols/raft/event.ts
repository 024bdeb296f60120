import type { LogIndex, NodeId } from '../../foundation/ids.ts'
import type { MembershipChange } from './membership.ts'
import type { Message, SnapshotMeta } from './message.ts'

/**
 * What happens to a core. `nowMs` is the host's monotonic clock; the core has none of its own and never sees it go
 * back.
 */
export type RaftEvent =
  /** Time passed: the deadline of the last `deadline` effect, or any other moment. */
  | { readonly type: 'tick'; readonly nowMs: number }
  /** The host knows that nobody leads: stand now, as after an election timeout. */
  | { readonly type: 'campaign'; readonly nowMs: number }
  | { readonly type: 'message'; readonly nowMs: number; readonly message: Message }
  /** Commands to append, in order; answered by one `proposed` or `refused` effect with the same `token`. */
  | {
      readonly type: 'propose'
      readonly nowMs: number
      readonly token: number
      readonly commands: readonly Uint8Array[]
    }
  | {
      readonly type: 'change-membership'
      readonly nowMs: number
      readonly token: number
      readonly change: MembershipChange
    }
  /** Asks for a linearizable read point; answered by one `read` or `refused` effect with the same `token`. */
  | { readonly type: 'read'; readonly nowMs: number; readonly token: number }
  /** Every `persist` effect up to `sequence` is synced. */
  | { readonly type: 'persisted'; readonly nowMs: number; readonly sequence: number }
  | { readonly type: 'transfer-leadership'; readonly nowMs: number; readonly to: NodeId }
  /** The state up to `index` is durable elsewhere; entries up to it may be dropped, but for the newest `keepBytes`. */
  | { readonly type: 'compact'; readonly nowMs: number; readonly index: LogIndex; readonly keepBytes: number }
  /** Answers `read-snapshot`. */
  | {
      readonly type: 'snapshot-read'
      readonly nowMs: number
      readonly to: NodeId
      readonly meta: SnapshotMeta
      readonly chunk: number
      readonly last: boolean
      readonly bytes: Uint8Array
    }
  /** Answers `read-snapshot` when it could not be read. The transfer starts again later. */
  | { readonly type: 'snapshot-read-failed'; readonly nowMs: number; readonly to: NodeId }
  /** Answers `write-snapshot`. */
  | {
      readonly type: 'snapshot-written'
      readonly nowMs: number
      readonly index: LogIndex
      readonly chunk: number
    }
  /** Answers `install-snapshot`: the table holds it, durably. */
  | { readonly type: 'snapshot-installed'; readonly nowMs: number; readonly index: LogIndex }
