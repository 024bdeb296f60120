import type { GroupId, NodeId } from '../../../foundation/ids.ts'
import type { Raft } from '../../../protocols/raft/raft.ts'
import { BrokenInvariant, groupKey, type Invariant } from './invariant.ts'

/** At most one leader can be elected in a term (Raft paper, figure 3). */
export class ElectionSafety implements Invariant {
  readonly name = 'election safety'
  readonly #leaders = new Map<number, NodeId>()

  stepped(node: NodeId, group: GroupId, raft: Raft): void {
    if (raft.role !== 'leader') return
    const key = groupKey(group, raft.term)
    const leader = this.#leaders.get(key)
    if (leader === undefined) this.#leaders.set(key, node)
    else if (leader !== node) {
      throw new BrokenInvariant(this.name, `nodes ${leader} and ${node} both lead term ${raft.term}`)
    }
  }
}
