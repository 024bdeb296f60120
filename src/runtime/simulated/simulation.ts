import { assert } from '../../foundation/assert.ts'
import { utf8 } from '../../foundation/bytes.ts'
import { checksum } from '../../foundation/checksum.ts'
import { NODE_ID_MAX } from '../../foundation/ids.ts'
import { eachAfterMicrotasks } from '../node/turn.ts'
import { SeededRandom } from '../seeded-random.ts'
import { EventQueue, SimulationEvent } from './event-queue.ts'
import { type FaultPlan, noFaults } from './faults.ts'
import type { Incarnation } from './incarnation.ts'
import { Nemesis, type NemesisOptions } from './nemesis.ts'
import { SimulatedNetwork } from './simulated-network.ts'
import { type ProcessOptions, SimulatedProcess } from './simulated-process.ts'
import { ProcessEnded } from './simulated-runtime.ts'
import { SimulationError } from './simulation-error.ts'
import { drawPicture } from './space-time.ts'
import { type EventKind, Trace } from './trace.ts'

export interface SimulationOptions {
  readonly seed: number
  /** No faults unless said. */
  readonly faults?: FaultPlan
  /** How many of the last events a picture shows; 40 unless said. */
  readonly pictureEvents?: number
  /** Says in a few words what a message holds. Called for pictures only. */
  readonly describeMessage?: (message: Uint8Array) => string
  /** How to see this failure again, for example a command. */
  readonly replay?: string
}

/**
 * A world in one thread: processes, the network between them and their disks, on virtual time. Everything that happens
 * follows from the seed.
 *
 * ```ts
 * const world = new Simulation({ seed: 1 })
 * const node = world.spawn('node 1', { nodeId: 1 })
 * node.start((runtime) => runtime.network.onMessage((from, message) => runtime.network.send(from, message)))
 * world.run({ untilMs: 60_000 })
 * ```
 *
 * `run` is for code with callbacks only. Where promises are involved use `runAwaiting`, or `simulate` from `dure/sim`.
 */
export class Simulation {
  readonly seed: number
  readonly random: SeededRandom
  readonly network: SimulatedNetwork
  readonly #queue = new EventQueue()
  readonly #trace: Trace
  readonly #options: SimulationOptions
  readonly #processes: SimulatedProcess[] = []
  readonly #members = new Map<number, SimulatedProcess>()
  readonly #damaged = new Set<SimulatedProcess>()
  #faults: FaultPlan
  #nowUs = 0
  #sequence = 0
  #eventCount = 0
  #diskFaultCount = 0
  #afterEvent: (() => void) | undefined
  #onAbort: ((process: SimulatedProcess, reason: Error) => void) | undefined
  #nemesis: Nemesis | undefined

  constructor(options: SimulationOptions) {
    this.#options = options
    this.seed = options.seed
    this.random = new SeededRandom(options.seed)
    this.#faults = options.faults ?? noFaults()
    this.network = new SimulatedNetwork(this, this.random.fork('network'))
    this.#trace = new Trace(options.pictureEvents ?? 40)
  }

  /** What may go wrong now. */
  get faults(): FaultPlan {
    return this.#faults
  }

  /** From now on nothing goes wrong any more; what was lost stays lost, and slow links stay slow. */
  calm(): void {
    this.#faults = noFaults()
  }

  get nowMs(): number {
    return this.#nowUs / 1_000
  }

  get nowUs(): number {
    return this.#nowUs
  }

  /** Events that have happened. */
  get eventCount(): number {
    return this.#eventCount
  }

  /** Disk faults that struck: stalls, failed syncs, damage, and crashes that lost or tore what was not synced. */
  get diskFaultCount(): number {
    return this.#diskFaultCount
  }

  /** The same for the same seed and code, on any machine, in any time zone and locale. */
  get traceHash(): string {
    return this.#trace.hash
  }

  get processes(): readonly SimulatedProcess[] {
    return this.#processes
  }

  spawn(name: string, options: ProcessOptions = {}): SimulatedProcess {
    const process = new SimulatedProcess(this, name, this.#processes.length, options)
    assert(process.nodeId >= 0 && process.nodeId <= NODE_ID_MAX, 'a node id is from 1 to NODE_ID_MAX')
    assert(!this.#members.has(process.nodeId), `node id ${process.nodeId} is given once`)
    this.#processes.push(process)
    if (process.nodeId !== 0) this.#members.set(process.nodeId, process)
    return process
  }

  member(nodeId: number): SimulatedProcess | undefined {
    return this.#members.get(nodeId)
  }

  /** Calls `run` at that time, whatever happens to processes. */
  after(delayMs: number, run: () => void): SimulationEvent {
    return this.schedule('world', undefined, Math.ceil(delayMs * 1_000), run)
  }

  /** Called after every event: the place for invariants. What it throws ends the simulation. */
  afterEvent(check: () => void): void {
    this.#afterEvent = check
  }

  /** Called when a process ended itself. */
  onAbort(handler: (process: SimulatedProcess, reason: Error) => void): void {
    this.#onAbort = handler
  }

  /** Lets the plan's crashes, pauses, cuts and jumps loose until then; afterwards everything is mended and running. */
  unleash(options: NemesisOptions): Nemesis {
    assert(this.#nemesis === undefined, 'the nemesis is unleashed once')
    this.#nemesis = new Nemesis(this, this.random.fork('nemesis'), options)
    return this.#nemesis
  }

  /** Puts a word of the caller into the picture and the trace. */
  note(words: string, process?: SimulatedProcess): void {
    const bytes = utf8(words)
    this.#trace.record(this.#nowUs, 'note', process?.number ?? -1, -1, bytes.length, checksum(bytes), words)
  }

  // Running.

  /** Runs up to this time, in one go. */
  run(options: { readonly untilMs: number }): void {
    const untilUs = options.untilMs * 1_000
    while (this.#queue.nextTimeUs <= untilUs) this.#step()
    if (untilUs > this.#nowUs) this.#nowUs = untilUs
  }

  /** Runs until the condition holds after some event, at most so long; answers whether it does. */
  runUntil(condition: () => boolean, options: { readonly withinMs: number }): boolean {
    const untilUs = this.#nowUs + options.withinMs * 1_000
    while (!condition()) {
      if (this.#queue.nextTimeUs > untilUs) {
        this.#nowUs = untilUs
        return condition()
      }
      this.#step()
    }
    return true
  }

  /**
   * As `runUntil`, and after each event of a process that uses promises waits until all of them have settled what they
   * can: code behind an `await` runs at the time of the event that it awaited.
   */
  async runAwaiting(
    condition: () => boolean,
    options: { readonly withinMs: number },
    guard: { enter(): void; leave(): void } = { enter() {}, leave() {} },
  ): Promise<boolean> {
    const untilUs = this.#nowUs + options.withinMs * 1_000
    let held = false
    await eachAfterMicrotasks(() => {
      while (!(held = condition())) {
        if (this.#queue.nextTimeUs > untilUs) {
          if (untilUs < Number.POSITIVE_INFINITY) this.#nowUs = untilUs
          return false
        }
        if (this.#step()) return true
      }
      return false
    }, guard)
    return held
  }

  /** Runs the next event; answers whether promises may have to settle after it. */
  #step(): boolean {
    const event = this.#queue.pop()
    if (event === undefined) return false
    this.#nowUs = event.timeUs
    const incarnation = event.incarnation
    if (incarnation !== undefined) {
      if (incarnation.isDead) return false
      if (incarnation.isPaused) {
        incarnation.backlog.push(event)
        return false
      }
    }
    this.#eventCount++
    const { kind } = event
    // Here and not by the event itself: these are most of all, and a function around each would cost more than the record.
    if (kind === 'timer' || kind === 'soon') this.record(kind, incarnation!.process.number)
    try {
      event.run()
      this.#afterEvent?.()
    } catch (error) {
      if (!(error instanceof ProcessEnded)) throw this.failure(error)
    }
    return incarnation === undefined || incarnation.process.usesPromises
  }

  // For the parts of the world.

  schedule(
    kind: EventKind,
    incarnation: Incarnation | undefined,
    delayUs: number,
    run: () => void,
  ): SimulationEvent {
    const event = new SimulationEvent(this.#nowUs + delayUs, this.#sequence++, kind, incarnation, run)
    this.#queue.push(event)
    return event
  }

  /** An event that was held back happens now. */
  reschedule(event: SimulationEvent): void {
    event.timeUs = this.#nowUs
    event.sequence = this.#sequence++
    this.#queue.push(event)
  }

  cancel(event: SimulationEvent): void {
    this.#queue.cancel(event)
  }

  record(kind: EventKind, process: number, detail?: unknown, sizeBytes = 0): void {
    this.#trace.record(this.#nowUs, kind, process, -1, sizeBytes, 0, detail)
  }

  recordMessage(process: number, from: number, check: number, message: Uint8Array): void {
    this.#trace.record(this.#nowUs, 'message', process, from, message.length, check, message)
  }

  aborted(process: SimulatedProcess, reason: Error): void {
    this.#nemesis?.aborted(process)
    this.#onAbort?.(process, reason)
  }

  diskFaultStruck(): void {
    this.#diskFaultCount++
  }

  /** Whether a fault may damage this process's disk, when so many may be damaged in all. */
  mayDamage(process: SimulatedProcess, processesMax: number): boolean {
    if (this.#damaged.has(process)) return true
    if (this.#damaged.size >= processesMax) return false
    this.#damaged.add(process)
    return true
  }

  // When something went wrong.

  /** The last events as text, a column for each process. */
  picture(): string {
    return drawPicture(
      this.#trace.milestones(),
      this.#trace.last(),
      this.#processes,
      this.#options.describeMessage,
    )
  }

  failure(cause: unknown): SimulationError {
    if (cause instanceof SimulationError) return cause
    return new SimulationError({
      seed: this.seed,
      virtualTimeMs: this.nowMs,
      picture: this.picture(),
      replay: this.#options.replay ?? `run it again with seed ${this.seed}`,
      cause,
    })
  }
}
