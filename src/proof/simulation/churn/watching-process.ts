import { Client } from '../../../engines/client/client.ts'
import type { WatchEvents, WatchStream } from '../../../engines/client/watch-stream.ts'
import { RemoteTransport } from '../../../engines/remote/remote-transport.ts'
import { text } from '../../../foundation/bytes.ts'
import type { DureError } from '../../../foundation/errors.ts'
import type { KeyRange } from '../../../ports/key-value/key-value-store.ts'
import type { Runtime } from '../../../runtime/runtime.ts'
import type { SeededRandom } from '../../../runtime/seeded-random.ts'
import type { SimulatedProcess } from '../../../runtime/simulated/simulated-process.ts'
import type { Simulation } from '../../../runtime/simulated/simulation.ts'
import type { ChangePlace, WireChange } from '../../../wire/parcel/parcel.ts'
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
  /** Begins as whoever wants a copy does: a cursor, then the rows, then the changes since that cursor. */
  readonly keepsCopy: boolean
}

/** What a watcher leaves behind for the next process: cursors, the newest last. */
const CURSORS_KEPT = 8
const DOWN_MS_MAX = 2_000
const CALL_TIMEOUT_MS = 3_000
const RETRY_MS = 100
const PAGE_ROWS = 5
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
  /** Versions by key. As cursors it goes on from process to process. */
  readonly #copy = new Map<string, number>()
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

  /** Once it is at the end: what its copy lacks, has too much or has older than the rows of its range. */
  differsFrom(rows: ReadonlyMap<string, { readonly version: number }>): string | undefined {
    if (!this.#plan.keepsCopy) return undefined
    const { from, to } = this.#plan.range
    const isInRange = (key: string) => text(from) <= key && (to === undefined || key < text(to))
    for (const [key, { version }] of rows)
      if (isInRange(key) && this.#copy.get(key) !== version)
        return `${key} is of version ${version}, and ${this.#copy.get(key)} in the copy of ${this.name}`
    for (const key of this.#copy.keys())
      if (!rows.has(key)) return `${key} is gone, and still in the copy of ${this.name}`
    return undefined
  }

  #main(runtime: Runtime): void {
    const client = new Client(runtime, new RemoteTransport(runtime, this.#addresses))
    this.#isTaking = false
    const isOlder = this.#random.chance(OLDER_PROBABILITY)
    const from = isOlder && this.#cursors.length > 0 ? this.#random.pick(this.#cursors) : this.#cursors.at(-1)
    this.#begin(runtime, client, from)
  }

  #begin(runtime: Runtime, client: Client, from: ChangePlace | undefined): void {
    this.#stream = undefined
    if (from === undefined && this.#plan.keepsCopy) this.#takeCursor(runtime, client)
    else this.#watch(runtime, client, from)
  }

  #takeCursor(runtime: Runtime, client: Client): void {
    const before = this.#acknowledged.index
    client.cursor(CALL_TIMEOUT_MS, (_error, place) => {
      if (place === undefined) return this.#later(runtime, () => this.#takeCursor(runtime, client))
      this.#checkStart(place, before)
      this.#copy.clear()
      this.#readRows(runtime, client, place, this.#plan.range.from, 0)
    })
  }

  #readRows(runtime: Runtime, client: Client, place: ChangePlace, from: Uint8Array, snapshot: number): void {
    const request = {
      from,
      to: this.#plan.range.to,
      limit: PAGE_ROWS,
      consistency: 'strong',
      snapshot,
    } as const
    client.page(request, CALL_TIMEOUT_MS, (_error, page) => {
      // Its snapshot may be gone: all of it is read again.
      if (page === undefined) return this.#later(runtime, () => this.#takeCursor(runtime, client))
      for (const { key, version } of page.rows) this.#copy.set(text(key), version)
      if (page.next !== undefined) return this.#readRows(runtime, client, place, page.next, page.snapshot)
      this.#keep(place)
      this.#watch(runtime, client, place)
    })
  }

  #later(runtime: Runtime, run: () => void): void {
    runtime.timer(RETRY_MS, run)
  }

  #watch(runtime: Runtime, client: Client, from: ChangePlace | undefined): void {
    const before = this.#acknowledged.index
    this.#checked = from && new CheckedWatch(this.#truth, this.#plan.range, from)
    const events: WatchEvents = {
      ready: (place) => {
        if (from !== undefined) return
        this.#checkStart(place, before)
        this.#checked = new CheckedWatch(this.#truth, this.#plan.range, place)
        this.#keep(place)
      },
      received: () => this.#received(runtime),
      ended: (error) => this.#ended(runtime, client, error),
    }
    this.#stream = client.watch(this.#plan.range, from, events, this.#plan.windowBytes)
    this.#stream.start()
  }

  /** What was acknowledged before it was asked for lies before it; what comes after it is known lies behind it. */
  #checkStart(place: ChangePlace, before: number): void {
    const { end } = this.#truth
    if (place.index > before && place.index <= end.index) return
    throw this.#broken(`begins at ${place.index} of ${end.index}, asked for after ${before} was acknowledged`)
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
    for (const change of batch.changes) this.#bringUpToDate(change)
    this.#keep({ history: this.#stream!.place!.history, ...batch.upTo })
    return true
  }

  #bringUpToDate({ key, value, version }: WireChange): void {
    const name = text(key)
    if (version < (this.#copy.get(name) ?? 0)) return
    if (value === undefined) this.#copy.delete(name)
    else this.#copy.set(name, version)
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
    this.#begin(runtime, client, undefined)
  }

  #reopenLater(): void {
    this.#world.after(this.#random.between(0.5, 1.5) * this.#plan.reopenEveryMs, () => {
      if (this.#isHurried) return
      if (this.#process.isRunning) {
        this.counts.reopened++
        this.#process.crash()
        this.#stream = undefined
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
