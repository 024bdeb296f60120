import type { SeededRandom } from '../seeded-random.ts'
import type { Simulation } from './simulation.ts'

/** Virtual worlds begin here: 2024-01-01T00:00:00Z. */
const WALL_START_MS = 1_704_067_200_000

/** What one process believes the time to be. */
export class ProcessClock {
  readonly #world: Simulation
  readonly #random: SeededRandom
  /** Arbitrary, and another one for each process: nobody may compare them. */
  readonly #monotonicStartMs: number
  readonly #rate: number
  #wallOffsetMs: number

  constructor(world: Simulation, random: SeededRandom) {
    const { driftPpmMax, offsetMsMax } = world.faults.clock
    this.#world = world
    this.#random = random
    this.#monotonicStartMs = random.integer(1_000, 100_000_000)
    this.#rate = 1 + random.between(-driftPpmMax, driftPpmMax) / 1e6
    this.#wallOffsetMs = random.between(-offsetMsMax, offsetMsMax)
  }

  monotonicMs(): number {
    return this.#monotonicStartMs + (this.#world.nowUs / 1_000) * this.#rate
  }

  wallMs(): number {
    return WALL_START_MS + Math.floor((this.#world.nowUs / 1_000) * this.#rate + this.#wallOffsetMs)
  }

  /** Moves the wall clock; the monotonic one does not notice. */
  jump(byMs: number): void {
    this.#wallOffsetMs += byMs
  }

  jumpRandomly(mostMs: number): void {
    this.jump(this.#random.between(-mostMs, mostMs))
  }

  /** How long the world takes for so many milliseconds of this clock; never too short, for all the rounding. */
  worldUs(localMs: number): number {
    return Math.max(0, Math.ceil((localMs * 1_000) / this.#rate + 0.001))
  }
}
