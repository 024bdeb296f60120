import type { GroupId, NodeId } from '../../../foundation/ids.ts'
import type { HardState } from '../../../protocols/raft/effect.ts'
import type { Raft } from '../../../protocols/raft/raft.ts'
import { BrokenInvariant, type Invariant } from './invariant.ts'
import { PerReplica } from './per-replica.ts'

interface Seen {
  commit: number
  term: number
  leaderLast: number
  leaderTerm: number
}

/**
 * A node's commit index never goes back while it runs, nor its term; after a restart it begins no lower than what its
 * disk had been told. A leader's log only grows within its term (leader append-only, paper, figure 3).
 */
export class MonotonicCommit implements Invariant {
  readonly name = 'monotonic commit index'
  readonly #seen = new PerReplica<Seen>()
  readonly #durable = new PerReplica<number>()

  stepped(node: NodeId, group: GroupId, raft: Raft): void {
    let seen = this.#seen.get(node, group)
    if (seen === undefined) {
      seen = { commit: this.#durable.get(node, group) ?? 0, term: 0, leaderLast: 0, leaderTerm: 0 }
      this.#seen.set(node, group, seen)
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
    if (hardState !== undefined) this.#durable.set(node, group, hardState.commitIndex)
  }

  restarted(node: NodeId): void {
    this.#seen.forget(node)
  }
}
