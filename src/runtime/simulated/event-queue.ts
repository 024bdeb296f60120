import type { Incarnation } from './incarnation.ts'
import type { EventKind } from './trace.ts'

/** Something that will happen. `incarnation` undefined: it happens to the world. */
export class SimulationEvent {
  timeUs: number
  sequence: number
  readonly kind: EventKind
  readonly incarnation: Incarnation | undefined
  readonly run: () => void
  cancelled = false
  isQueued = false

  constructor(
    timeUs: number,
    sequence: number,
    kind: EventKind,
    incarnation: Incarnation | undefined,
    run: () => void,
  ) {
    this.timeUs = timeUs
    this.sequence = sequence
    this.kind = kind
    this.incarnation = incarnation
    this.run = run
  }
}

/** Below this many cancelled events cleaning up is not worth it. */
const SWEEP_MIN = 1024

/**
 * A binary heap by time, then by the order of scheduling, so that the order never depends on the heap's shape.
 * Cancelled events stay until they surface, or until they are the larger half.
 */
export class EventQueue {
  #times = new Float64Array(1024)
  readonly #events: SimulationEvent[] = []
  #size = 0
  #cancelled = 0

  get size(): number {
    return this.#size
  }

  /** When the next event happens; `Infinity` when there is none. */
  get nextTimeUs(): number {
    this.#dropCancelled()
    return this.#size === 0 ? Number.POSITIVE_INFINITY : this.#times[0]!
  }

  push(event: SimulationEvent): void {
    event.isQueued = true
    if (this.#size === this.#times.length) {
      const larger = new Float64Array(this.#size * 2)
      larger.set(this.#times)
      this.#times = larger
    }
    this.#rise(this.#size++, event)
  }

  pop(): SimulationEvent | undefined {
    this.#dropCancelled()
    return this.#size === 0 ? undefined : this.#removeFirst()
  }

  cancel(event: SimulationEvent): void {
    if (event.cancelled) return
    event.cancelled = true
    if (!event.isQueued) return
    this.#cancelled++
    if (this.#cancelled > SWEEP_MIN && this.#cancelled * 2 > this.#size) this.#sweep()
  }

  #dropCancelled(): void {
    while (this.#size > 0 && this.#events[0]!.cancelled) {
      this.#removeFirst()
      this.#cancelled--
    }
  }

  #removeFirst(): SimulationEvent {
    const events = this.#events
    const first = events[0]!
    const last = events.pop()!
    this.#size--
    first.isQueued = false
    if (this.#size > 0) this.#sink(0, last)
    return first
  }

  #rise(place: number, event: SimulationEvent): void {
    const times = this.#times
    const events = this.#events
    const time = event.timeUs
    while (place > 0) {
      const parent = (place - 1) >>> 1
      const parentTime = times[parent]!
      if (parentTime < time || (parentTime === time && events[parent]!.sequence < event.sequence)) break
      times[place] = parentTime
      events[place] = events[parent]!
      place = parent
    }
    times[place] = time
    events[place] = event
  }

  #sink(place: number, event: SimulationEvent): void {
    const times = this.#times
    const events = this.#events
    const size = this.#size
    const time = event.timeUs
    for (;;) {
      let child = place * 2 + 1
      if (child >= size) break
      const right = child + 1
      if (right < size && this.#before(right, child)) child = right
      const childTime = times[child]!
      if (time < childTime || (time === childTime && event.sequence < events[child]!.sequence)) break
      times[place] = childTime
      events[place] = events[child]!
      place = child
    }
    times[place] = time
    events[place] = event
  }

  #before(left: number, right: number): boolean {
    const leftTime = this.#times[left]!
    const rightTime = this.#times[right]!
    if (leftTime !== rightTime) return leftTime < rightTime
    return this.#events[left]!.sequence < this.#events[right]!.sequence
  }

  #sweep(): void {
    const live = this.#events.filter((event) => !event.cancelled)
    this.#events.length = 0
    this.#size = 0
    this.#cancelled = 0
    for (const event of live) this.push(event)
  }
}
