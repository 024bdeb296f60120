import type { Endpoint } from '../network.ts'
import type { ClientLink, Connection } from './connection.ts'
import type { SimulationEvent } from './event-queue.ts'
import type { SimulatedProcess } from './simulated-process.ts'

/** One life of a process, from its start to its crash. Everything it holds is gone afterwards. */
export class Incarnation {
  readonly process: SimulatedProcess
  readonly number: number
  isDead = false
  isPaused = false
  /** Drawn at the crash: what it had sent is lost too. */
  outputLost = false
  /** What happened to it while it was paused. */
  backlog: SimulationEvent[] = []

  onMessage: ((from: Endpoint, message: Uint8Array) => void) | undefined
  onDisconnect: ((from: Endpoint) => void) | undefined
  nextEndpoint: number
  /** Opened by `connect`. */
  readonly clientLinks = new Map<Endpoint, ClientLink>()
  /** Opened by clients. */
  readonly connections = new Map<Endpoint, Connection>()
  /** Where it was told that members are; undefined until it was, and then everybody is known. */
  peers: ReadonlyMap<number, readonly string[]> | undefined
  /** Members whose messages reached it, and that live: they can be answered, known or not. */
  readonly heardFrom = new Set<number>()
  /** Bytes on their way to it, by the number of the sending process. */
  readonly inboundBytes: number[] = []

  constructor(process: SimulatedProcess, number: number, nextEndpoint: number) {
    this.process = process
    this.number = number
    this.nextEndpoint = nextEndpoint
  }
}
