import type { GroupId, NodeId } from '../../../foundation/ids.ts'
import type { Membership } from '../../../protocols/raft/membership.ts'
import type { Message } from '../../../protocols/raft/message.ts'
import { jointVoteResult } from '../../../protocols/raft/quorum/joint.ts'
import type { Raft } from '../../../protocols/raft/raft.ts'
import { BrokenInvariant, groupKey, type Invariant } from './invariant.ts'
import { PerReplica } from './per-replica.ts'

/**
 * Whoever leads a term was voted for, in that term, by a majority of the voters it knew. So a vote that is counted
 * wrongly is noticed even when nobody else wins the term.
 */
export class ElectedByMajority implements Invariant {
  readonly name = 'elected by a majority'
  /** Per group and term: who voted for whom. */
  readonly #votes = new Map<number, Map<NodeId, NodeId>>()
  readonly #leaders = new Set<number>()
  /** In force after the last step of each node. */
  readonly #memberships = new PerReplica<Membership>()

  sent(node: NodeId, group: GroupId, message: Message): void {
    if (message.type !== 'vote-response' || !message.granted || message.preVote) return
    const key = groupKey(group, message.term)
    let votes = this.#votes.get(key)
    if (votes === undefined) this.#votes.set(key, (votes = new Map()))
    votes.set(node, message.to)
  }

  stepped(node: NodeId, group: GroupId, raft: Raft): void {
    const { membership } = raft
    const seen = this.#memberships.get(node, group)
    if (seen !== membership) this.#memberships.set(node, group, membership)
    if (raft.role !== 'leader') return
    const key = groupKey(group, raft.term)
    if (this.#leaders.has(key)) return
    this.#leaders.add(key)
    this.#count(node, raft, key, seen ?? membership)
  }

  #count(node: NodeId, raft: Raft, key: number, before: Membership): void {
    const votes = this.#votes.get(key)
    const voteOf = (voter: NodeId): boolean | undefined => {
      if (voter === node) return true
      const given = votes?.get(voter)
      return given === undefined ? undefined : given === node
    }
    // The vote that wins may also tell that a change is committed: then it was counted by the membership before.
    if (jointVoteResult(before, voteOf) === 'won' || jointVoteResult(raft.membership, voteOf) === 'won')
      return
    const given = [...(votes ?? [])].map(([voter, candidate]) => `${voter} for ${candidate}`).join(', ')
    throw new BrokenInvariant(this.name, `node ${node} leads term ${raft.term}, but the votes were: ${given}`)
  }
}
