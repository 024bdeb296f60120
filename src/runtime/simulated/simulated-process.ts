import { assert } from '../../foundation/assert.ts'
import { NODE_ID_MAX } from '../../foundation/ids.ts'
import type { Runtime } from '../runtime.ts'
import type { SeededRandom } from '../seeded-random.ts'
import { Incarnation } from './incarnation.ts'
import { ProcessClock } from './process-clock.ts'
import { SimulatedDisk } from './simulated-disk.ts'
import { SimulatedRuntime } from './simulated-runtime.ts'
import type { Simulation } from './simulation.ts'

export interface ProcessOptions {
  /** Makes it a member: others send to this endpoint, clients connect to `node/<id>`. Without it, a client. */
  readonly nodeId?: number
  /**
   * False when its code uses callbacks only: `runAwaiting` then saves the wait for promises after each of its events.
   */
  readonly promises?: boolean
  /** Whether the nemesis may crash, pause, cut off and confuse it: members unless said otherwise. */
  readonly disturbed?: boolean
}

/**
 * A process of the simulated world. Its disk and its clock outlive a crash; what it held in memory does not.
 *
 * ```ts
 * const node = world.spawn('node 1', { nodeId: 1 })
 * node.start((runtime) => serve(runtime))
 * world.run({ untilMs: 1_000 })
 * node.crash()
 * node.restart()
 * ```
 */
export class SimulatedProcess {
  readonly name: string
  /** Its place in the world, from 0. */
  readonly number: number
  /** 0 for a client. */
  readonly nodeId: number
  readonly usesPromises: boolean
  readonly #isDisturbed: boolean
  readonly disk: SimulatedDisk
  readonly clock: ProcessClock
  readonly #world: Simulation
  readonly #random: SeededRandom
  #main: ((runtime: Runtime) => void) | undefined
  #incarnation: Incarnation | undefined
  #incarnations = 0
  #abortReason: Error | undefined
  #isRetired = false

  constructor(world: Simulation, name: string, number: number, options: ProcessOptions) {
    this.#world = world
    this.name = name
    this.number = number
    this.nodeId = options.nodeId ?? 0
    this.usesPromises = options.promises ?? true
    this.#isDisturbed = options.disturbed ?? this.nodeId !== 0
    this.#random = world.random.fork(`process ${name}`)
    this.disk = new SimulatedDisk(world, this, this.#random.fork('disk'))
    this.clock = new ProcessClock(world, this.#random.fork('clock'))
  }

  /** Whether the nemesis counts and disturbs it. */
  get isDisturbed(): boolean {
    return this.#isDisturbed && !this.#isRetired
  }

  get isRunning(): boolean {
    return this.#incarnation !== undefined
  }

  get isPaused(): boolean {
    return this.#incarnation?.isPaused ?? false
  }

  /** How often it was started. */
  get incarnations(): number {
    return this.#incarnations
  }

  /** The life it leads now. */
  get incarnation(): Incarnation | undefined {
    return this.#incarnation
  }

  /** Why it last ended itself; undefined when it was started since. */
  get abortReason(): Error | undefined {
    return this.#abortReason
  }

  /** Runs `main` as the next event, at this very moment of virtual time, with a runtime of its own. */
  start(main: (runtime: Runtime) => void): void {
    const [incarnation, runtime] = this.#begin(main)
    this.#world.schedule('start', incarnation, 0, () => {
      this.#world.record('start', this.number)
      main(runtime)
    })
  }

  /** As `start`, but `main` has run when this returns: for code that is an event itself. */
  startNow(main: (runtime: Runtime) => void): void {
    const [, runtime] = this.#begin(main)
    this.#world.record('start', this.number)
    main(runtime)
  }

  #begin(main: (runtime: Runtime) => void): [Incarnation, Runtime] {
    assert(this.#incarnation === undefined, `${this.name} is not running when it is started`)
    this.#main = main
    this.#abortReason = undefined
    const number = ++this.#incarnations
    const incarnation = new Incarnation(this, number, NODE_ID_MAX + 1)
    this.#incarnation = incarnation
    return [incarnation, new SimulatedRuntime(this.#world, incarnation, this.#random.fork(number))]
  }

  /** Ends it without warning: memory and what was in flight to it are lost, unsynced bytes by the plan. */
  crash(): void {
    const incarnation = this.#incarnation
    if (incarnation === undefined) return
    this.#world.record('crash', this.number)
    incarnation.isDead = true
    incarnation.outputLost = this.#random.next() < 0.5
    incarnation.backlog = []
    this.#incarnation = undefined
    this.#world.network.hangUp(incarnation)
    this.disk.crash()
  }

  /** Starts it again with the `main` that it had, after a crash if it is running. */
  restart(): void {
    assert(this.#main !== undefined, `${this.name} was started before it is restarted`)
    assert(!this.#isRetired, `${this.name} is gone for good`)
    this.crash()
    this.start(this.#main)
  }

  /** Nothing happens to it until `resume`; then everything that did happens at once, late. */
  pause(): void {
    const incarnation = this.#incarnation
    if (incarnation === undefined || incarnation.isPaused) return
    this.#world.record('pause', this.number)
    incarnation.isPaused = true
  }

  resume(): void {
    const incarnation = this.#incarnation
    if (incarnation === undefined || !incarnation.isPaused) return
    this.#world.record('resume', this.number)
    incarnation.isPaused = false
    const backlog = incarnation.backlog
    incarnation.backlog = []
    for (const event of backlog) {
      if (!event.cancelled) this.#world.reschedule(event)
    }
  }

  /** Its machine is gone for good: the nemesis counts it no more, and nobody may start it again. */
  retire(): void {
    this.crash()
    this.#isRetired = true
  }

  /** An empty directory, as of a machine that was replaced. */
  wipeDisk(): void {
    assert(this.#incarnation === undefined, `${this.name} is stopped when its disk is wiped`)
    this.disk.wipe()
  }

  /** For the runtime: the process ends itself. */
  abort(incarnation: Incarnation, reason: Error): void {
    if (incarnation.isDead) return
    this.#abortReason = reason
    this.#world.record('abort', this.number, reason)
    this.crash()
    this.#world.aborted(this, reason)
  }
}
