import type { GroupId, NodeId } from '../../foundation/ids.ts'
import type { Raft } from '../../protocols/raft/raft.ts'
import type { SeededRandom } from '../../runtime/seeded-random.ts'
import type { Simulation } from '../../runtime/simulated/simulation.ts'
import type { Invariant } from './invariants/invariant.ts'
import { PerReplica } from './invariants/per-replica.ts'

/** Soon enough to meet what a moment set off: a vote on its way to the disk, the first entries of a term. */
const WITHIN_MS = 20
const DOWN_MS_MAX = 400

/**
 * Crashes a node at a delicate moment: it has just voted, won, or cut its log. Crashes at any time seldom meet these.
 * It watches like an invariant and never complains.
 */
export class Ambush implements Invariant {
  readonly name = 'ambush'
  readonly counts = { ambushes: 0 }
  readonly #world: Simulation
  readonly #probability: number
  readonly #random: SeededRandom
  readonly #untilMs: number
  readonly #seen = new PerReplica<{ term: number; role: Raft['role']; lastIndex: number }>()

  constructor(world: Simulation, probability: number, untilMs: number) {
    this.#world = world
    this.#probability = probability
    this.#random = world.random.fork('ambush')
    this.#untilMs = untilMs
  }

  stepped(node: NodeId, group: GroupId, raft: Raft): void {
    if (this.#probability === 0) return
    const { term, role, lastIndex } = raft
    const seen = this.#seen.get(node, group)
    if (seen === undefined) {
      this.#seen.set(node, group, { term, role, lastIndex })
      return
    }
    const isDelicate =
      term !== seen.term || (role === 'leader' && seen.role !== 'leader') || lastIndex < seen.lastIndex
    seen.term = term
    seen.role = role
    seen.lastIndex = lastIndex
    if (isDelicate && this.#random.chance(this.#probability)) this.#strike(node)
  }

  #strike(node: NodeId): void {
    const inMs = WITHIN_MS * this.#random.next() ** 2
    const downMs = DOWN_MS_MAX * this.#random.next() ** 2
    this.#world.after(inMs, () => {
      const { nowMs, processes, faults } = this.#world
      const victim = this.#world.member(node)
      const down = processes.filter(
        (process) => process.isDisturbed && (!process.isRunning || process.isPaused),
      )
      if (nowMs >= this.#untilMs || victim === undefined || !victim.isRunning || victim.isPaused) return
      if (down.length >= faults.process.disturbedMax) return
      this.counts.ambushes++
      victim.crash()
      this.#world.after(downMs, () => {
        if (!victim.isRunning && victim.isDisturbed) victim.restart()
      })
    })
  }
}
