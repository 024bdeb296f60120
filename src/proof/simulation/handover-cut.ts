import type { GroupId, NodeId } from '../../foundation/ids.ts'
import type { Message } from '../../protocols/raft/message.ts'
import type { Raft } from '../../protocols/raft/raft.ts'
import type { SeededRandom } from '../../runtime/seeded-random.ts'
import type { Simulation } from '../../runtime/simulated/simulation.ts'
import type { Invariant } from './invariants/invariant.ts'

const FOR_MS = { min: 200, max: 2_000 }

/**
 * Cuts a leader off from its peers at the very moment in which its successor, told to stand, asks for votes. Voters
 * answer at once although they hear a leader, so another one leads long before this one can notice: whatever it still
 * answers by itself is stale. It watches like an invariant and never complains.
 */
export class HandoverCut implements Invariant {
  readonly name = 'handover cut'
  readonly #world: Simulation
  readonly #probability: number
  readonly #random: SeededRandom
  readonly #untilMs: number
  readonly #leaders = new Set<NodeId>()

  constructor(world: Simulation, probability: number, untilMs: number) {
    this.#world = world
    this.#probability = probability
    this.#random = world.random.fork('handover cut')
    this.#untilMs = untilMs
  }

  stepped(node: NodeId, _group: GroupId, raft: Raft): void {
    if (raft.role === 'leader') this.#leaders.add(node)
    else if (this.#leaders.size > 0) this.#leaders.delete(node)
  }

  restarted(node: NodeId): void {
    this.#leaders.delete(node)
  }

  sent(_node: NodeId, _group: GroupId, message: Message): void {
    if (message.type !== 'vote-request' || !message.transfer || !this.#leaders.has(message.to)) return
    if (this.#world.nowMs >= this.#untilMs || !this.#random.chance(this.#probability)) return
    const leader = this.#world.member(message.to)
    if (leader === undefined) return
    this.#world.note(`${leader.name} is cut off from its peers while it hands over`, leader)
    for (const other of this.#world.processes) {
      if (other.nodeId !== 0 && other !== leader) this.#world.network.cut(leader, other)
    }
    // Mends every cut there is: the nemesis makes others.
    this.#world.after(this.#random.between(FOR_MS.min, FOR_MS.max), () => this.#world.network.heal())
  }
}
