/** What an event was, as the trace and the picture know it. The first ones are the frequent ones. */
const eventKinds = [
  'timer',
  'soon',
  'message',
  'disconnect',
  'disk',
  'start',
  'crash',
  'pause',
  'resume',
  'abort',
  'world',
  'note',
] as const
export type EventKind = (typeof eventKinds)[number]

const FIRST_MILESTONE = eventKinds.indexOf('start')

export interface TracedEvent {
  readonly timeUs: number
  readonly kind: EventKind
  /** The number of the process that it happened to, -1 for the world. */
  readonly process: number
  /** The process that a message came from, -1 for none. */
  readonly from: number
  readonly sizeBytes: number
  /** What is needed to describe it, looked at only when a picture is drawn. */
  readonly detail: unknown
}

/** Rare events that explain what comes long after them; so many of the last are kept for the picture. */
const MILESTONES_MAX = 24

/**
 * A running hash of all that happened, and the last events for a picture. The hash is cheap, not cryptographic: two
 * lanes of multiply and rotate. Details are references; they become text only when something failed.
 */
export class Trace {
  readonly #capacity: number
  readonly #times: Float64Array
  readonly #kinds: Uint8Array
  readonly #processes: Int32Array
  readonly #froms: Int32Array
  readonly #sizes: Int32Array
  readonly #details: unknown[]
  readonly #milestones: TracedEvent[] = []
  #count = 0
  #left = 0x2545f491
  #right = 0x9e3779b9 | 0

  constructor(capacity: number) {
    this.#capacity = capacity
    this.#times = new Float64Array(capacity)
    this.#kinds = new Uint8Array(capacity)
    this.#processes = new Int32Array(capacity)
    this.#froms = new Int32Array(capacity)
    this.#sizes = new Int32Array(capacity)
    this.#details = new Array(capacity).fill(undefined)
  }

  /** Events so far. */
  get count(): number {
    return this.#count
  }

  /** 16 hexadecimal digits: equal for equal histories. */
  get hash(): string {
    const hex = (value: number): string => (value >>> 0).toString(16).padStart(8, '0')
    return hex(this.#left) + hex(this.#right)
  }

  record(
    timeUs: number,
    kind: EventKind,
    process: number,
    from: number,
    sizeBytes: number,
    check: number,
    detail: unknown,
  ): void {
    const number = eventKinds.indexOf(kind)
    // The end of a turn tells a reader nothing that the messages before and after it do not.
    if (kind !== 'soon') this.#keep(timeUs, number, process, from, sizeBytes, detail)
    if (number >= FIRST_MILESTONE) {
      this.#milestones.push({ timeUs, kind, process, from, sizeBytes, detail })
      if (this.#milestones.length > MILESTONES_MAX) this.#milestones.shift()
    }
    this.#mix(timeUs | 0, (timeUs / 0x1_0000_0000) | 0)
    this.#mix((number << 24) ^ (process << 12) ^ from, sizeBytes ^ check)
  }

  #keep(
    timeUs: number,
    kind: number,
    process: number,
    from: number,
    sizeBytes: number,
    detail: unknown,
  ): void {
    const slot = this.#count++ % this.#capacity
    this.#times[slot] = timeUs
    this.#kinds[slot] = kind
    this.#processes[slot] = process
    this.#froms[slot] = from
    this.#sizes[slot] = sizeBytes
    this.#details[slot] = detail
  }

  #mix(left: number, right: number): void {
    const a = Math.imul(this.#left ^ left, 0x85ebca6b)
    const b = Math.imul(this.#right ^ right, 0xc2b2ae35)
    this.#left = (((a << 13) | (a >>> 19)) + b) | 0
    this.#right = (((b << 17) | (b >>> 15)) + a) | 0
  }

  /** The last milestones that `last` does not hold any more, oldest first. */
  milestones(): readonly TracedEvent[] {
    const oldest = this.last()[0]
    return oldest === undefined ? [] : this.#milestones.filter(({ timeUs }) => timeUs < oldest.timeUs)
  }

  /** The last events, oldest first. */
  last(): readonly TracedEvent[] {
    const events: TracedEvent[] = []
    for (let i = Math.max(0, this.#count - this.#capacity); i < this.#count; i++) {
      const slot = i % this.#capacity
      events.push({
        timeUs: this.#times[slot]!,
        kind: eventKinds[this.#kinds[slot]!]!,
        process: this.#processes[slot]!,
        from: this.#froms[slot]!,
        sizeBytes: this.#sizes[slot]!,
        detail: this.#details[slot],
      })
    }
    return events
  }
}
