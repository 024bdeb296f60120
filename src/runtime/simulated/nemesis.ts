import type { SeededRandom } from '../seeded-random.ts'
import type { Span } from './faults.ts'
import type { SimulatedProcess } from './simulated-process.ts'
import type { Simulation } from './simulation.ts'

const SHAPES = ['halves', 'isolate one', 'deafen one', 'mute one', 'majority ring', 'bridge'] as const

/** How often each thing was done. */
export interface NemesisCounts {
  crashes: number
  pauses: number
  partitions: number
  clogs: number
  clockJumps: number
}

export interface NemesisOptions {
  readonly untilMs: number
  /** It goes on beyond `untilMs` until this holds, but no longer than `atMostMs`. */
  readonly enough?: (counts: NemesisCounts) => boolean
  readonly atMostMs?: number
}

/** How often it looks whether it was enough. */
const EXTENSION_MS = 1_000

/**
 * Does the plan's worst to processes, links and clocks until its time is over; then mends everything and starts what
 * it had stopped, so that progress can be asked for.
 */
export class Nemesis {
  readonly counts: NemesisCounts = { crashes: 0, pauses: 0, partitions: 0, clogs: 0, clockJumps: 0 }
  readonly #world: Simulation
  readonly #random: SeededRandom
  readonly #options: NemesisOptions
  #untilMs: number
  #isPartitioned = false
  #isOver = false

  constructor(world: Simulation, random: SeededRandom, options: NemesisOptions) {
    this.#world = world
    this.#random = random
    this.#options = options
    this.#untilMs = options.untilMs
    const { process, network, clock } = world.faults
    this.#repeat('crash', process.crashEveryMs, (draw) => this.#crash(draw, process.downForMs))
    this.#repeat('pause', process.pauseEveryMs, (draw) => this.#pause(draw, process.pauseForMs))
    this.#repeat('partition', network.partitionEveryMs, (draw) =>
      this.#partition(draw, network.partitionForMs),
    )
    this.#repeat('clog', network.clogEveryMs, (draw) => this.#clog(draw, network.clogForMs))
    this.#repeat('clock jump', clock.jumpEveryMs, (draw) => this.#jump(draw, clock.jumpMsMax))
    this.#endLater()
  }

  /** Whether everything was mended. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** A process ended itself: somebody starts it again. */
  aborted(process: SimulatedProcess): void {
    if (!process.isDisturbed) return
    const { min, max } = this.#world.faults.process.downForMs
    this.#world.after(this.#random.between(Math.max(10, min), Math.max(100, max)), () =>
      this.#revive(process),
    )
  }

  #repeat(label: string, everyMs: number, act: (random: SeededRandom) => void): void {
    if (everyMs <= 0) return
    const random = this.#random.fork(label)
    const next = (): void => {
      this.#world.after(random.between(0.5, 1.5) * everyMs, () => {
        if (this.#world.nowMs >= this.#untilMs) return
        act(random)
        next()
      })
    }
    next()
  }

  #crash(random: SeededRandom, downForMs: Span): void {
    const victim = this.#victim(random)
    const forMs = random.between(downForMs.min, downForMs.max)
    if (victim !== undefined) this.#crashOne(victim, forMs)
  }

  /** One crash more of the plan's kind, at a moment that chance would seldom meet. */
  crashSoon(process: SimulatedProcess, delayMs: number): void {
    this.#world.after(delayMs, () => {
      if (this.#isOver || !process.isRunning || process.isPaused || !this.#mayDisturbOneMore) return
      const { min, max } = this.#world.faults.process.downForMs
      this.#crashOne(process, this.#random.between(min, max))
    })
  }

  #crashOne(process: SimulatedProcess, forMs: number): void {
    this.counts.crashes++
    process.crash()
    this.#world.after(forMs, () => this.#revive(process))
  }

  #revive(process: SimulatedProcess): void {
    // A retired one is disturbed no more, and stays where it is.
    if (!process.isRunning && process.isDisturbed) process.restart()
  }

  #pause(random: SeededRandom, forMs: Span): void {
    const victim = this.#victim(random)
    const lengthMs = random.between(forMs.min, forMs.max)
    if (victim === undefined) return
    this.counts.pauses++
    victim.pause()
    this.#world.after(lengthMs, () => victim.resume())
  }

  #victim(random: SeededRandom): SimulatedProcess | undefined {
    const victims = this.#victims()
    if (victims.length === 0) return undefined
    const healthy = victims.filter(isHealthy)
    const chosen = random.integer(0, Math.max(0, healthy.length - 1))
    return this.#mayDisturbOneMore ? healthy[chosen] : undefined
  }

  get #mayDisturbOneMore(): boolean {
    const disturbed = this.#victims().filter((process) => !isHealthy(process))
    return disturbed.length < this.#world.faults.process.disturbedMax
  }

  #victims(): readonly SimulatedProcess[] {
    return this.#world.processes.filter((process) => process.isDisturbed)
  }

  #partition(random: SeededRandom, forMs: Span): void {
    const members = shuffled(this.#victims(), random)
    const shape = random.pick(SHAPES)
    const lengthMs = random.between(forMs.min, forMs.max)
    if (this.#isPartitioned || members.length === 0) return
    this.#isPartitioned = true
    this.counts.partitions++
    this.#world.record('world', -1, `cut: ${shape}`, shape.length)
    this.#cut(shape, members, random)
    this.#world.after(lengthMs, () => {
      this.#isPartitioned = false
      this.#world.record('world', -1, 'mended')
      this.#world.network.heal()
    })
  }

  #cut(shape: (typeof SHAPES)[number], members: readonly SimulatedProcess[], random: SeededRandom): void {
    const { network, processes } = this.#world
    const one = members[0]!
    switch (shape) {
      case 'halves': {
        // Clients fall to either side, or keep seeing both.
        const clients = shuffled(
          processes.filter((process) => !process.isDisturbed),
          random,
        )
        const middle = random.integer(1, Math.max(1, members.length - 1))
        const third = Math.floor(clients.length / 3)
        network.partition([
          [...members.slice(0, middle), ...clients.slice(0, third)],
          [...members.slice(middle), ...clients.slice(third, third * 2)],
        ])
        return
      }
      case 'isolate one':
        network.isolate(one)
        return
      case 'deafen one':
        for (const other of members) if (other !== one) network.cutOneWay(other, one)
        return
      case 'mute one':
        for (const other of members) if (other !== one) network.cutOneWay(one, other)
        return
      case 'majority ring':
        network.majorityRing(members)
        return
      case 'bridge':
        network.bridge(members)
        return
    }
  }

  #clog(random: SeededRandom, forMs: Span): void {
    const [from, to] = shuffled(this.#victims(), random)
    const lengthMs = random.between(forMs.min, forMs.max)
    if (from === undefined || to === undefined) return
    this.counts.clogs++
    this.#world.record('world', from.number, `clogged towards ${to.name}`, to.number)
    this.#world.network.clog(from, to, lengthMs)
  }

  #jump(random: SeededRandom, mostMs: number): void {
    const victims = this.#victims()
    if (victims.length === 0) return
    const victim = random.pick(victims)
    this.counts.clockJumps++
    this.#world.record('world', victim.number, 'wall clock jumps')
    victim.clock.jumpRandomly(mostMs)
  }

  #endLater(): void {
    this.#world.after(this.#untilMs - this.#world.nowMs, () => {
      const { enough, atMostMs = Number.POSITIVE_INFINITY } = this.#options
      if (enough === undefined || enough(this.counts) || this.#untilMs >= atMostMs) return this.#end()
      this.#untilMs = Math.min(this.#untilMs + EXTENSION_MS, atMostMs)
      this.#endLater()
    })
  }

  #end(): void {
    this.#isOver = true
    this.#world.record('world', -1, 'all is mended')
    this.#world.network.heal()
    this.#world.calm()
    for (const process of this.#victims()) {
      process.resume()
      if (!process.isRunning && process.incarnations > 0) process.restart()
    }
  }
}

const isHealthy = (process: SimulatedProcess): boolean => process.isRunning && !process.isPaused

function shuffled<Item>(items: readonly Item[], random: SeededRandom): Item[] {
  const mixed = [...items]
  for (let i = mixed.length - 1; i > 0; i--) {
    const other = random.integer(0, i)
    const kept = mixed[i]!
    mixed[i] = mixed[other]!
    mixed[other] = kept
  }
  return mixed
}
