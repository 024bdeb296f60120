import { Client } from '../../../engines/client/client.ts'
import type { WatchEvents, WatchStream } from '../../../engines/client/watch-stream.ts'
import { RemoteTransport } from '../../../engines/remote/remote-transport.ts'
import type { DureError } from '../../../foundation/errors.ts'
import type { KeyRange } from '../../../ports/key-value/key-value-store.ts'
import type { Runtime } from '../../../runtime/runtime.ts'
import type { SeededRandom } from '../../../runtime/seeded-random.ts'
import type { SimulatedProcess } from '../../../runtime/simulated/simulated-process.ts'
import type { Simulation } from '../../../runtime/simulated/simulation.ts'
import type { ChangePlace } from '../../../wire/parcel/parcel.ts'
import { CheckedWatch, watchInvariant } from '../checked-watch.ts'
import type { CommittedChanges } from '../invariants/committed-changes.ts'
import { BrokenInvariant } from '../invariants/invariant.ts'
import type { Acknowledged } from './acknowledged.ts'

/** What one watcher does; 0 for never. */
export interface WatcherPlan {
  readonly range: KeyRange
  readonly windowBytes: number
  /** A slow one takes one batch about this often; else all is taken as it comes. */
  readonly takeEveryMs: number
  /** Ends about this often, and another process goes on from its cursor. */
  readonly reopenEveryMs: number
}

/** What a watcher leaves behind for the next process: cursors, the newest last. */
const CURSORS_KEPT = 8
const DOWN_MS_MAX = 2_000
/** A process that goes on from one of the older cursors, to see again what was seen. */
const OLDER_PROBABILITY = 0.25

/**
 * Processes that watch one range, one after the other, for as long as the simulation lasts. Everything that they are shown
 * is held against what was committed.
 */
export class WatchingProcess {
  readonly counts = { reopened: 0, compacted: 0 }
  readonly #world: Simulation
  readonly #process: SimulatedProcess
  readonly #addresses: readonly string[]
  readonly #truth: CommittedChanges
  readonly #acknowledged: Acknowledged
  readonly #plan: WatcherPlan
  readonly #random: SeededRandom
  readonly #cursors: ChangePlace[] = []
  #stream: WatchStream | undefined
  #checked: CheckedWatch | undefined
  #isTaking = false
  /** Everything is taken as it comes: to see whether it comes to the end. */
  #isHurried = false

  constructor(
    world: Simulation,
    name: string,
    addresses: readonly string[],
    truth: CommittedChanges,
    acknowledged: Acknowledged,
    plan: WatcherPlan,
  ) {
    this.#world = world
    this.#process = world.spawn(name, { promises: false })
    this.#addresses = addresses
    this.#truth = truth
    this.#acknowledged = acknowledged
    this.#plan = plan
    this.#random = world.random.fork(name)
    this.#process.start((runtime) => this.#main(runtime))
    if (plan.reopenEveryMs > 0) this.#reopenLater()
  }

  get name(): string {
    return this.#process.name
  }

  /** From now on it stays, and takes what comes as it comes. */
  hurry(): void {
    this.#isHurried = true
    if (!this.#process.isRunning) this.#process.restart()
    this.#takeAll()
  }

  /** It has shown everything, and knows it. */
  get isAtEnd(): boolean {
    const { place, isEmpty } = this.#stream ?? {}
    const last = this.#truth.all.at(-1)
    const isEnd = place !== undefined && isEmpty === true && place.index > (last?.version ?? 0)
    return isEnd && this.#checked?.isCaughtUp === true
  }

  #main(runtime: Runtime): void {
    const client = new Client(runtime, new RemoteTransport(runtime, this.#addresses))
    this.#isTaking = false
    const isOlder = this.#random.chance(OLDER_PROBABILITY)
    const from = isOlder && this.#cursors.length > 0 ? this.#random.pick(this.#cursors) : this.#cursors.at(-1)
    this.#watch(runtime, client, from)
  }

  #watch(runtime: Runtime, client: Client, from: ChangePlace | undefined): void {
    const before = this.#acknowledged.index
    this.#checked = from && new CheckedWatch(this.#truth, this.#plan.range, from)
    const events: WatchEvents = {
      ready: (place) => {
        if (from !== undefined) return
        // What was acknowledged before it was asked for lies before it; what comes after it is known lies behind it.
        if (place.index <= before || place.index > this.#truth.end.index)
          throw this.#broken(
            `begins at ${place.index} of ${this.#truth.end.index}, asked for after ${before} was acknowledged`,
          )
        this.#checked = new CheckedWatch(this.#truth, this.#plan.range, place)
        this.#keep(place)
      },
      received: () => this.#received(runtime),
      ended: (error) => this.#ended(runtime, client, error),
    }
    this.#stream = client.watch(this.#plan.range, from, events, this.#plan.windowBytes)
    this.#stream.start()
  }

  #received(runtime: Runtime): void {
    const { takeEveryMs } = this.#plan
    if (takeEveryMs === 0 || this.#isHurried) return this.#takeAll()
    if (this.#isTaking) return
    this.#isTaking = true
    runtime.timer(takeEveryMs * 2 * runtime.random.next(), () => {
      this.#isTaking = false
      if (this.#isHurried) return
      this.#takeOne()
      if (this.#stream?.isEmpty === false) this.#received(runtime)
    })
  }

  #takeAll(): void {
    while (this.#takeOne());
    const place = this.#stream?.place
    // What was said beside the changes, too.
    if (this.#checked === undefined || place === undefined) return
    this.#checked.upTo(place)
    this.#keep(place)
  }

  #takeOne(): boolean {
    const batch = this.#stream?.take()
    if (batch === undefined) return false
    this.#checked!.given(batch)
    this.#keep({ history: this.#stream!.place!.history, ...batch.upTo })
    return true
  }

  #keep(place: ChangePlace): void {
    const newest = this.#cursors.at(-1)
    if (newest?.index === place.index && newest.ordinal === place.ordinal) return
    if (this.#cursors.length === CURSORS_KEPT)
      this.#cursors.splice(this.#random.integer(0, CURSORS_KEPT - 1), 1)
    this.#cursors.push(place)
  }

  #ended(runtime: Runtime, client: Client, error: DureError): void {
    const { place } = this.#stream!
    this.#takeAll()
    if (error.code !== 'compacted') throw this.#broken(`ended as ${error.code}: ${error.message}`)
    if (place === undefined || place.index > this.#truth.compactedIndex) {
      const kept = this.#truth.compactedIndex + 1
      throw this.#broken(`ended as compacted at ${place?.index}, and no node has less than from ${kept} on`)
    }
    this.counts.compacted++
    this.#cursors.length = 0
    this.#watch(runtime, client, undefined)
  }

  #reopenLater(): void {
    this.#world.after(this.#random.between(0.5, 1.5) * this.#plan.reopenEveryMs, () => {
      if (this.#isHurried) return
      if (this.#process.isRunning) {
        this.counts.reopened++
        this.#process.crash()
        const downMs = DOWN_MS_MAX * this.#random.next() ** 2
        this.#world.after(downMs, () => {
          if (!this.#process.isRunning) this.#process.restart()
        })
      }
      this.#reopenLater()
    })
  }

  #broken(message: string): BrokenInvariant {
    return new BrokenInvariant(watchInvariant, `${this.#process.name} ${message}`)
  }
}
