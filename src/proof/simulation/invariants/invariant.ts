import type { Group } from '../../../engines/embedded/group.ts'
import type { GroupId, LogIndex, NodeId } from '../../../foundation/ids.ts'
import type { HardState } from '../../../protocols/raft/effect.ts'
import type { Entry } from '../../../protocols/raft/entry.ts'
import type { Message } from '../../../protocols/raft/message.ts'
import type { Raft } from '../../../protocols/raft/raft.ts'
import type { CommandResult } from '../../../wire/command/command.ts'
import type { WireChange } from '../../../wire/parcel/parcel.ts'

/**
 * Something that must hold after every event of a simulated cluster. Checked incrementally: each hook looks only at
 * what its event changed, and throws a `BrokenInvariant`.
 */
export interface Invariant {
  /** As it is printed when broken. */
  readonly name: string
  /** A node's core took an event. */
  stepped?(node: NodeId, group: GroupId, raft: Raft): void
  /** A message to another node leaves. */
  sent?(node: NodeId, group: GroupId, message: Message): void
  /** A write of a node's log was synced. */
  persisted?(node: NodeId, group: GroupId, hardState: HardState | undefined, entries: readonly Entry[]): void
  applied?(node: NodeId, group: GroupId, entry: Entry, result: CommandResult | undefined): void
  /** After `applied`, of an entry that changed something: how. */
  changed?(node: NodeId, group: GroupId, index: LogIndex, changes: readonly WireChange[]): void
  installed?(node: NodeId, group: GroupId, index: LogIndex): void
  /** What a node holds of a group came from its table: it started again, or a snapshot was installed. */
  reloaded?(node: NodeId, group: Group): void
  /** A node started again with what its disk held. */
  restarted?(node: NodeId): void
}

export class BrokenInvariant extends Error {
  override readonly name = 'BrokenInvariant'
  readonly invariant: string

  constructor(invariant: string, message: string) {
    super(`${invariant}: ${message}`)
    this.invariant = invariant
  }
}

export const groupKey = (group: GroupId, number: number): number => group * 2 ** 40 + number
