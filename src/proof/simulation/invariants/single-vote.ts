import type { GroupId, NodeId } from '../../../foundation/ids.ts'
import type { HardState } from '../../../protocols/raft/effect.ts'
import { BrokenInvariant, groupKey, type Invariant } from './invariant.ts'

/** A node votes for at most one candidate in a term, across restarts, and its term never goes back (paper, 5.2). */
export class SingleVote implements Invariant {
  readonly name = 'single vote'
  readonly #votes = new Map<string, NodeId>()
  readonly #terms = new Map<string, number>()

  persisted(node: NodeId, group: GroupId, hardState: HardState | undefined): void {
    if (hardState === undefined) return
    const { term, vote } = hardState
    const at = `${node}/${group}`
    const before = this.#terms.get(at) ?? 0
    if (term < before)
      throw new BrokenInvariant(this.name, `node ${node} went from term ${before} back to ${term}`)
    this.#terms.set(at, term)
    if (vote === undefined) return
    const ballot = `${node}/${groupKey(group, term)}`
    const given = this.#votes.get(ballot)
    if (given === undefined) this.#votes.set(ballot, vote)
    else if (given !== vote) {
      throw new BrokenInvariant(this.name, `node ${node} voted for ${given} and for ${vote} in term ${term}`)
    }
  }
}
