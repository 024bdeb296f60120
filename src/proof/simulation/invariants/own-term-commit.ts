import type { GroupId, NodeId } from '../../../foundation/ids.ts'
import type { Raft } from '../../../protocols/raft/raft.ts'
import { BrokenInvariant, type Invariant } from './invariant.ts'
import { PerReplica } from './per-replica.ts'

/**
 * A leader moves its commit index only to entries of its own term; those of earlier terms go along with them (paper,
 * 5.4.2). What figure 8 of the paper shows to be lost otherwise takes four elections in the right order, so the rule
 * itself is checked.
 */
export class OwnTermCommit implements Invariant {
  readonly name = 'a leader commits entries of its own term'
  readonly #led = new PerReplica<{ readonly term: number; commitIndex: number }>()

  stepped(node: NodeId, group: GroupId, raft: Raft): void {
    const { role, term, commitIndex } = raft
    const before = this.#led.get(node, group)
    if (role !== 'leader') {
      if (before !== undefined) this.#led.delete(node, group)
      return
    }
    if (before?.term !== term) {
      this.#led.set(node, group, { term, commitIndex })
      return
    }
    if (commitIndex === before.commitIndex) return
    before.commitIndex = commitIndex
    const of = raft.termAt(commitIndex)
    if (of === term) return
    throw new BrokenInvariant(
      this.name,
      `leader ${node} of term ${term} committed index ${commitIndex} of term ${of} by counting its copies`,
    )
  }

  restarted(node: NodeId): void {
    this.#led.forget(node)
  }
}
