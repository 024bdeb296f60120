import type { GroupId, NodeId } from '../../../foundation/ids.ts'
import type { HardState } from '../../../protocols/raft/effect.ts'
import type { Raft } from '../../../protocols/raft/raft.ts'
import { BrokenInvariant, type Invariant } from './invariant.ts'

/**
 * A node's commit index never goes back while it runs, nor its term; after a restart it begins no lower than what its
 * disk had been told. A leader's log only grows within its term (leader append-only, paper, figure 3).
 */
export class MonotonicCommit implements Invariant {
  readonly name = 'monotonic commit index'
  readonly #seen = new Map<string, { commit: number; term: number; leaderLast: number; leaderTerm: number }>()
  readonly #durable = new Map<string, number>()

  stepped(node: NodeId, group: GroupId, raft: Raft): void {
    const at = `${node}/${group}`
    let seen = this.#seen.get(at)
    if (seen === undefined) {
      seen = { commit: this.#durable.get(at) ?? 0, term: 0, leaderLast: 0, leaderTerm: 0 }
      this.#seen.set(at, seen)
    }
    if (raft.commitIndex < seen.commit) {
      throw new BrokenInvariant(
        this.name,
        `node ${node} went from ${seen.commit} back to ${raft.commitIndex}`,
      )
    }
    if (raft.term < seen.term) {
      throw new BrokenInvariant('monotonic term', `node ${node} went from ${seen.term} back to ${raft.term}`)
    }
    seen.commit = raft.commitIndex
    seen.term = raft.term
    if (raft.role !== 'leader') return
    if (seen.leaderTerm === raft.term && raft.lastIndex < seen.leaderLast) {
      const message = `leader ${node} of term ${raft.term} shortened its log from ${seen.leaderLast} to ${raft.lastIndex}`
      throw new BrokenInvariant('leader append-only', message)
    }
    seen.leaderTerm = raft.term
    seen.leaderLast = raft.lastIndex
  }

  persisted(node: NodeId, group: GroupId, hardState: HardState | undefined): void {
    if (hardState !== undefined) this.#durable.set(`${node}/${group}`, hardState.commitIndex)
  }

  restarted(node: NodeId): void {
    for (const at of [...this.#seen.keys()]) if (at.startsWith(`${node}/`)) this.#seen.delete(at)
  }
}
