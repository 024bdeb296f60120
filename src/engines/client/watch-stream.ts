import { DureError } from '../../foundation/errors.ts'
import { mark } from '../../foundation/marks.ts'
import type { KeyRange } from '../../ports/key-value/key-value-store.ts'
import type { Timer } from '../../runtime/runtime.ts'
import { type ChangeBatch, comparePlaces } from '../../wire/parcel/change-batch.ts'
import type { ChangePlace, ErrorResponse } from '../../wire/parcel/parcel.ts'
import { askForPlace } from './ask-for-place.ts'
import { Call, type CallParts } from './call.ts'
import type { OpenWatch } from './transport.ts'

export interface WatchEvents {
  /** A node has taken it, from this place on. */
  ready(place: ChangePlace): void
  /** `take` has something, or `place` moved. */
  received(): void
  /** For good. What was received before can still be taken. */
  ended(error: DureError): void
}

/** What a node may send ahead of the one who takes it, unless said. */
const WINDOW_BYTES = 1 << 20
/** One try to learn the place of now. */
const PLACE_MS_MAX = 5_000
/** A node says something every two seconds, when nothing happens too. */
const SILENCE_MS_MAX = 6_000
/** The first word comes at once; each further try waits longer for it. */
const OPENING_MS = 1_000
/** A message that was overtaken gets this long to arrive. */
const GAP_MS_MAX = 500
const HELD_MESSAGES_MAX = 256
const RETRY_DELAY_MS = 10
const RETRY_DELAY_MS_MAX = 1_000

/** One watch on one node: one part of a stream. */
interface Leg {
  readonly openedMs: number
  watch: OpenWatch | undefined
  /** The number of the message that comes next, and those that came too early. */
  next: number
  readonly early: Map<number, ChangeBatch>
  heardMs: number
  gapSinceMs: number | undefined
  /** Of its changes, in bytes. */
  taken: number
  /** What was taken when the window was last moved. */
  granted: number
}

/**
 * The changes of a range, from one node after the other, with callbacks: finds its place, opens a watch there, and when
 * that ends, breaks or falls silent goes on from the last place it *received*, wherever a node serves it. So nothing is
 * missing and nothing comes twice, whatever the network does. Bounded: a node sends no more than a window ahead.
 */
export class WatchStream {
  readonly #parts: CallParts
  readonly #range: KeyRange
  readonly #events: WatchEvents
  readonly #windowBytes: number
  #place: ChangePlace | undefined
  readonly #received: { batch: ChangeBatch; isCopy: boolean; readonly leg: Leg }[] = []
  #receivedBytes = 0
  #leg: Leg | undefined
  /** The leg's watchdog, or the pause before the next leg. */
  #timer: Timer | undefined
  #failures = 0
  #waitsForRoom = false
  #isReady = false
  #isOver = false

  constructor(
    parts: CallParts,
    range: KeyRange,
    from: ChangePlace | undefined,
    events: WatchEvents,
    windowBytes = WINDOW_BYTES,
  ) {
    this.#windowBytes = windowBytes
    this.#parts = parts
    this.#range = range
    this.#place = from
    this.#events = events
  }

  start(): void {
    if (this.#place === undefined) this.#findPlace()
    else this.#open()
  }

  /** Everything of the range up to here was received. */
  get place(): ChangePlace | undefined {
    return this.#place
  }

  get isEmpty(): boolean {
    return this.#received.length === 0
  }

  /** The next changes, never an empty batch; undefined when there are none yet. */
  take(): ChangeBatch | undefined {
    const first = this.#received.shift()
    if (first === undefined) return undefined
    const { batch, leg } = first
    this.#receivedBytes -= batch.sizeBytes
    leg.taken += batch.sizeBytes
    if (leg === this.#leg && 2 * (leg.taken - leg.granted) >= this.#windowBytes) {
      leg.granted = leg.taken
      this.#allow(leg)
    }
    if (this.#waitsForRoom && this.#hasRoom) {
      this.#waitsForRoom = false
      this.#open()
    }
    return batch
  }

  /** Ends it from this side; no event follows. */
  close(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#timer?.cancel()
    this.#endLeg(false)
  }

  #findPlace(): void {
    const call = new Call<ChangePlace>(this.#parts, PLACE_MS_MAX, (error, place) => {
      if (this.#isOver) return
      if (place !== undefined) {
        this.#place = place
        this.#failures = 0
        this.#open()
      } else if (error!.retryable) {
        this.#later(() => this.#findPlace(), error!.retryAfterMs ?? 0)
      } else {
        this.#fail(error!)
      }
    })
    askForPlace(call)
  }

  #open(): void {
    if (this.#isOver) return
    if (this.#parts.isClosed) return this.#fail(new DureError('closed', 'the client was closed'))
    if (!this.#hasRoom) {
      this.#waitsForRoom = true
      return
    }
    if (this.#isReady) mark('client/watch-resumed')
    const nowMs = this.#nowMs()
    const leg: Leg = {
      openedMs: nowMs,
      watch: undefined,
      next: 1,
      early: new Map(),
      heardMs: nowMs,
      gapSinceMs: undefined,
      taken: 0,
      granted: 0,
    }
    this.#leg = leg
    this.#watchOver(leg)
    const { from, to } = this.#range
    leg.watch = this.#parts.transport.watch(
      { kind: 'watch', from, to, after: this.#place!, windowBytes: this.#windowBytes },
      (sequence, batch) => this.#hear(leg, sequence, batch),
      (reason) => this.#legEnded(leg, reason),
    )
  }

  /** What was received of an earlier leg counts as well: a taker that stands still costs a window and a half at most. */
  get #hasRoom(): boolean {
    return 2 * this.#receivedBytes <= this.#windowBytes
  }

  #hear(leg: Leg, sequence: number, batch: ChangeBatch): void {
    if (leg !== this.#leg) return
    leg.heardMs = this.#nowMs()
    // A copy, or later than what made it useless.
    if (sequence < leg.next) return
    if (sequence > leg.next) {
      leg.early.set(sequence, batch)
      if (leg.early.size > HELD_MESSAGES_MAX) return this.#goOnElsewhere(leg, false)
      if (leg.gapSinceMs === undefined) {
        leg.gapSinceMs = leg.heardMs
        this.#watchOver(leg)
      }
      return
    }
    if (!this.#isReady) {
      this.#isReady = true
      // The place before what came: whoever goes on from there misses nothing of it.
      this.#events.ready(this.#place!)
      if (leg !== this.#leg) return
    }
    this.#accept(leg, batch)
    while (leg === this.#leg && leg.early.size > 0) {
      const early = leg.early.get(leg.next)
      if (early === undefined) break
      mark('client/watch-batch-overtaken')
      leg.early.delete(leg.next)
      this.#accept(leg, early)
    }
    if (leg !== this.#leg) return
    leg.gapSinceMs = leg.early.size > 0 ? leg.heardMs : undefined
    this.#events.received()
    this.#keepCopies()
  }

  /** What nobody took at once waits as a copy: a slow taker costs its window, and not the messages that filled it. */
  #keepCopies(): void {
    for (let i = this.#received.length - 1; i >= 0; i--) {
      const waiting = this.#received[i]!
      if (waiting.isCopy) return
      waiting.batch = waiting.batch.copy()
      waiting.isCopy = true
    }
  }

  #accept(leg: Leg, batch: ChangeBatch): void {
    leg.next++
    const place = this.#place!
    const { changes, upTo } = batch
    const first = changes[0]
    const isAfter =
      first === undefined ||
      first.version > place.index ||
      (first.version - place.index === 0 && first.ordinal > place.ordinal)
    if (!isAfter || comparePlaces(upTo, place) < 0) {
      const found = `a batch up to ${upTo.index}.${upTo.ordinal} does not follow ${place.index}.${place.ordinal}`
      return this.#fail(new DureError('protocol', `the node sent changes out of their order: ${found}`))
    }
    this.#place = { history: place.history, index: upTo.index, ordinal: upTo.ordinal }
    if (changes.length > 0) {
      this.#failures = 0
      this.#received.push({ batch, isCopy: false, leg })
      this.#receivedBytes += batch.sizeBytes
    } else if (leg.granted > 0) {
      // The last one may have been lost, and then the node waits for it.
      this.#allow(leg)
    }
  }

  #allow(leg: Leg): void {
    leg.watch?.allow(leg.granted + this.#windowBytes)
  }

  #legEnded(leg: Leg, reason: ErrorResponse): void {
    if (leg !== this.#leg) return
    // Nothing is left to be ended.
    leg.watch = undefined
    if (reason.retryable) return this.#goOnElsewhere(leg, false, reason.retryAfterMs)
    const { code, message, outcome } = reason
    this.#fail(new DureError(code, message, { outcome }))
  }

  /** Looks again when the first of its patiences would be over. */
  #watchOver(leg: Leg): void {
    this.#timer?.cancel()
    const isOpening = leg.next === 1 && leg.early.size === 0
    const silenceMs = isOpening ? Math.min(OPENING_MS * 2 ** this.#failures, SILENCE_MS_MAX) : SILENCE_MS_MAX
    const gapAtMs = leg.gapSinceMs === undefined ? Number.POSITIVE_INFINITY : leg.gapSinceMs + GAP_MS_MAX
    const atMs = Math.min(leg.heardMs + silenceMs, gapAtMs)
    const leftMs = atMs - this.#nowMs()
    if (leftMs <= 0) return this.#goOnElsewhere(leg, gapAtMs > atMs)
    this.#timer = this.#parts.runtime.timer(leftMs, () => this.#watchOver(leg))
  }

  #goOnElsewhere(leg: Leg, isSilent: boolean, retryAfterMs = 0): void {
    // One that served for a while was none that failed.
    if (leg.next > 1 && this.#nowMs() - leg.openedMs > SILENCE_MS_MAX) this.#failures = 0
    this.#endLeg(isSilent)
    this.#later(() => this.#open(), retryAfterMs)
  }

  #endLeg(isSilent: boolean): void {
    const leg = this.#leg
    this.#leg = undefined
    leg?.watch?.end(isSilent)
  }

  #later(run: () => void, atLeastMs: number): void {
    const mostMs = Math.min(RETRY_DELAY_MS * 2 ** this.#failures, RETRY_DELAY_MS_MAX)
    this.#failures++
    const delayMs = Math.max(atLeastMs, mostMs * (0.5 + this.#parts.runtime.random.next() / 2))
    this.#timer?.cancel()
    this.#timer = this.#parts.runtime.timer(delayMs, () => {
      if (!this.#isOver) run()
    })
  }

  #fail(error: DureError): void {
    this.close()
    this.#events.ended(error)
  }

  #nowMs(): number {
    return this.#parts.runtime.clock.monotonicMs()
  }
}
