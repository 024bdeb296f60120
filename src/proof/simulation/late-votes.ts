import type { GroupId, NodeId } from '../../foundation/ids.ts'
import type { Message } from '../../protocols/raft/message.ts'
import type { SeededRandom } from '../../runtime/seeded-random.ts'
import type { Simulation } from '../../runtime/simulated/simulation.ts'
import type { Invariant } from './invariants/invariant.ts'

/** In election timeouts: up to the one in which the candidate has stood again. */
const TIMEOUTS_MAX = 2.5

/**
 * Holds back what voters answer to a candidate until it may have stood again: a vote of an earlier term arrives in a
 * later one. It watches like an invariant and never complains.
 */
export class LateVotes implements Invariant {
  readonly name = 'late votes'
  readonly #world: Simulation
  readonly #probability: number
  readonly #electionTimeoutMs: number
  readonly #random: SeededRandom
  readonly #untilMs: number
  #candidacy = ''

  constructor(world: Simulation, probability: number, electionTimeoutMs: number, untilMs: number) {
    this.#world = world
    this.#probability = probability
    this.#electionTimeoutMs = electionTimeoutMs
    this.#random = world.random.fork('late votes')
    this.#untilMs = untilMs
  }

  sent(node: NodeId, group: GroupId, message: Message): void {
    if (message.type !== 'vote-request' || message.preVote) return
    // One decision for all that it asks.
    const candidacy = `${node}/${group}/${message.term}`
    if (candidacy === this.#candidacy) return
    this.#candidacy = candidacy
    if (!this.#random.chance(this.#probability)) return
    const candidate = this.#world.member(node)
    if (candidate === undefined || this.#world.nowMs >= this.#untilMs) return
    const forMs = this.#random.between(0.5, TIMEOUTS_MAX) * this.#electionTimeoutMs
    for (const voter of this.#world.processes) {
      if (voter.nodeId !== 0 && voter !== candidate) this.#world.network.clog(voter, candidate, forMs)
    }
  }
}
