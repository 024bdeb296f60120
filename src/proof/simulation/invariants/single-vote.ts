import type { GroupId, NodeId } from '../../../foundation/ids.ts'
import type { HardState } from '../../../protocols/raft/effect.ts'
import type { Message } from '../../../protocols/raft/message.ts'
import type { Raft } from '../../../protocols/raft/raft.ts'
import { BrokenInvariant, type Invariant } from './invariant.ts'
import { PerReplica } from './per-replica.ts'

/**
 * A node votes for at most one candidate in a term, across restarts, and the term on its disk never goes back (paper,
 * 5.2). A vote is given when its answer leaves, or, for oneself, when others are asked for theirs; whoever comes back in
 * its term still knows it, or another one could ask and get a second vote.
 */
export class SingleVote implements Invariant {
  readonly name = 'single vote'
  /** By term. */
  readonly #votes = new PerReplica<Map<number, NodeId>>()
  readonly #terms = new PerReplica<number>()
  readonly #restarted = new Set<NodeId>()

  sent(node: NodeId, group: GroupId, message: Message): void {
    if (message.type === 'vote-response') {
      if (message.granted && !message.preVote) this.#voted(node, group, message.term, message.to)
    } else if (message.type === 'vote-request' && !message.preVote) {
      this.#voted(node, group, message.term, node)
    }
  }

  persisted(node: NodeId, group: GroupId, hardState: HardState | undefined): void {
    if (hardState === undefined) return
    const { term, vote } = hardState
    const before = this.#terms.get(node, group) ?? 0
    if (term < before)
      throw new BrokenInvariant(this.name, `node ${node} went from term ${before} back to ${term}`)
    this.#terms.set(node, group, term)
    if (vote !== undefined) this.#voted(node, group, term, vote)
  }

  restarted(node: NodeId): void {
    this.#restarted.add(node)
  }

  stepped(node: NodeId, group: GroupId, raft: Raft): void {
    if (this.#restarted.size === 0 || !this.#restarted.delete(node)) return
    const given = this.#votes.get(node, group)?.get(raft.term)
    if (given === undefined || given === raft.vote) return
    const now = raft.vote === undefined ? 'none' : `one for ${raft.vote}`
    throw new BrokenInvariant(
      'a vote is not forgotten',
      `node ${node} voted for ${given} in term ${raft.term} and came back with ${now}`,
    )
  }

  #voted(node: NodeId, group: GroupId, term: number, vote: NodeId): void {
    let votes = this.#votes.get(node, group)
    if (votes === undefined) this.#votes.set(node, group, (votes = new Map()))
    const given = votes.get(term)
    if (given === undefined) votes.set(term, vote)
    else if (given !== vote) {
      throw new BrokenInvariant(this.name, `node ${node} voted for ${given} and for ${vote} in term ${term}`)
    }
  }
}
