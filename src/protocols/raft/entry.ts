import type { LogIndex, Term } from '../../foundation/ids.ts'

/**
 * - `command`: opaque to Raft, handed to the state machine.
 * - `membership`: an encoded `MembershipChange`; Raft acts on it when it commits.
 * - `no-op`: what a new leader appends to commit an entry of its own term; `data` is empty.
 */
export type EntryKind = 'command' | 'membership' | 'no-op'

export interface Entry {
  readonly index: LogIndex
  readonly term: Term
  readonly kind: EntryKind
  readonly data: Uint8Array
}
