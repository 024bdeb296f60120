import type { Clock } from '../clock.ts'
import type { Disk } from '../disk.ts'
import type { Endpoint, Network, SendOutcome } from '../network.ts'
import type { Random } from '../random.ts'
import type { Runtime, Timer } from '../runtime.ts'
import type { SeededRandom } from '../seeded-random.ts'
import type { SimulationEvent } from './event-queue.ts'
import type { Incarnation } from './incarnation.ts'
import type { Simulation } from './simulation.ts'

/** A turn of the event loop takes up to this long: what arrives meanwhile is gathered by `soon`. */
const TURN_US_MAX = 40

/** Thrown by `abort` to leave the code of a process that has just ended; the world catches it. */
export class ProcessEnded extends Error {
  override readonly name = 'ProcessEnded'
}

/** The world as one incarnation of a process sees it. After its death nothing here does anything. */
export class SimulatedRuntime implements Runtime {
  readonly clock: Clock
  readonly random: Random
  readonly network: Network
  readonly disk: Disk
  readonly #world: Simulation
  readonly #incarnation: Incarnation
  readonly #turns: SeededRandom

  constructor(world: Simulation, incarnation: Incarnation, random: SeededRandom) {
    this.#world = world
    this.#incarnation = incarnation
    this.#turns = random.fork('turns')
    this.clock = incarnation.process.clock
    this.random = random.fork('random')
    this.network = new IncarnationNetwork(world, incarnation)
    this.disk = incarnation.process.disk.openFor(incarnation)
  }

  timer(delayMs: number, fire: () => void): Timer {
    const incarnation = this.#incarnation
    if (incarnation.isDead) return deadTimer
    const world = this.#world
    const event = world.schedule('timer', incarnation, incarnation.process.clock.worldUs(delayMs), fire)
    return new SimulatedTimer(world, event)
  }

  soon(run: () => void): void {
    const incarnation = this.#incarnation
    if (incarnation.isDead) return
    this.#world.schedule('soon', incarnation, this.#turns.integer(1, TURN_US_MAX), run)
  }

  abort(reason: Error): never {
    this.#incarnation.process.abort(this.#incarnation, reason)
    throw new ProcessEnded(reason.message, { cause: reason })
  }
}

class SimulatedTimer implements Timer {
  readonly #world: Simulation
  readonly #event: SimulationEvent

  constructor(world: Simulation, event: SimulationEvent) {
    this.#world = world
    this.#event = event
  }

  cancel(): void {
    this.#world.cancel(this.#event)
  }
}

const deadTimer: Timer = { cancel() {} }

class IncarnationNetwork implements Network {
  readonly #world: Simulation
  readonly #incarnation: Incarnation

  constructor(world: Simulation, incarnation: Incarnation) {
    this.#world = world
    this.#incarnation = incarnation
  }

  onMessage(handler: (from: Endpoint, message: Uint8Array) => void): void {
    this.#incarnation.onMessage = handler
  }

  onDisconnect(handler: (from: Endpoint) => void): void {
    this.#incarnation.onDisconnect = handler
  }

  send(to: Endpoint, message: Uint8Array): SendOutcome {
    if (this.#incarnation.isDead) return 'unreachable'
    return this.#world.network.send(this.#incarnation, to, message)
  }

  connect(address: string): Endpoint {
    return this.#world.network.connect(this.#incarnation, address)
  }

  disconnect(endpoint: Endpoint): void {
    if (!this.#incarnation.isDead) this.#world.network.disconnect(this.#incarnation, endpoint)
  }

  /** Nobody is refused here: one that was removed may speak, and is not heard by the protocol. */
  setPeers(peers: ReadonlyMap<number, readonly string[]>): void {
    this.#incarnation.peers = peers
  }

  isReachable(endpoint: Endpoint): boolean {
    return !this.#incarnation.isDead && this.#world.network.isReachable(this.#incarnation, endpoint)
  }
}
