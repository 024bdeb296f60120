import { compareBytes, equalBytes, prefixEnd } from '../../../foundation/bytes.ts'
import type { WireChange } from '../../../wire/parcel/parcel.ts'
import { IntervalIndex } from './interval-index.ts'
import type { Watcher } from './watcher.ts'

/** A range that somebody watches, and all who do. */
export class WatchedRange {
  readonly from: Uint8Array
  readonly to: Uint8Array | undefined
  /** Counts up with each range that is new. */
  readonly number: number
  /** Those that have everything of the range up to where the hub is. */
  readonly caughtUp = new Set<Watcher>()
  /** Watchers of it, wherever they are. */
  size = 0
  /** What the current turn found for it. */
  pending: WireChange[] = []

  constructor(from: Uint8Array, to: Uint8Array | undefined, number: number) {
    this.from = from
    this.to = to
    this.number = number
  }

  includes(key: Uint8Array): boolean {
    return compareBytes(this.from, key) <= 0 && (this.to === undefined || compareBytes(key, this.to) < 0)
  }
}

/**
 * Which of many ranges a key lies in, without a look at each of them: single keys by a map, prefixes by a map for each
 * length that occurs, ranges of another shape by an index of intervals.
 *
 * ```ts
 * const range = ranges.take(from, to)
 * ranges.match(key, found)
 * ranges.release(range)
 * ```
 */
export class WatchedRanges {
  readonly #keys = new Map<string, WatchedRange>()
  /** By length, then by prefix. */
  readonly #prefixes = new Map<number, Map<string, WatchedRange>>()
  readonly #others = new Map<string, WatchedRange>()
  readonly #intervals = new IntervalIndex<WatchedRange>()
  #count = 0

  /** How many there ever were: the number of the newest. */
  get count(): number {
    return this.#count
  }

  /** One for all that watch the same. */
  take(from: Uint8Array, to: Uint8Array | undefined): WatchedRange {
    const { ranges, name } = this.#placeOf(from, to)
    let range = ranges.get(name)
    if (range === undefined) {
      // Copies: a request's bytes are views of a message that would be kept whole.
      range = new WatchedRange(new Uint8Array(from), to && new Uint8Array(to), ++this.#count)
      ranges.set(name, range)
      if (ranges === this.#others) this.#intervals.add(range)
    }
    range.size++
    return range
  }

  release(range: WatchedRange): void {
    if (--range.size > 0) return
    const { ranges, name } = this.#placeOf(range.from, range.to)
    ranges.delete(name)
    if (ranges === this.#others) this.#intervals.remove(range)
    if (ranges.size === 0 && this.#prefixes.get(range.from.length) === ranges)
      this.#prefixes.delete(range.from.length)
  }

  /** Adds those that `key` lies in. */
  match(key: Uint8Array, found: WatchedRange[]): void {
    const name = asText(key)
    const exact = this.#keys.get(name)
    if (exact !== undefined) found.push(exact)
    for (const [length, ranges] of this.#prefixes) {
      if (length > name.length) continue
      const range = ranges.get(name.slice(0, length))
      if (range !== undefined) found.push(range)
    }
    this.#intervals.find(key, found)
  }

  #placeOf(
    from: Uint8Array,
    to: Uint8Array | undefined,
  ): { readonly ranges: Map<string, WatchedRange>; readonly name: string } {
    const name = asText(from)
    if (to !== undefined && isRightAfter(from, to)) return { ranges: this.#keys, name }
    const end = prefixEnd(from)
    if (end === undefined ? to === undefined : to !== undefined && equalBytes(end, to)) {
      let ranges = this.#prefixes.get(from.length)
      if (ranges === undefined) this.#prefixes.set(from.length, (ranges = new Map()))
      return { ranges, name }
    }
    return { ranges: this.#others, name: `${from.length} ${name}${to === undefined ? '' : asText(to)}` }
  }
}

/** `to` is the key that follows `from`: nothing but `from` lies between. */
const isRightAfter = (from: Uint8Array, to: Uint8Array): boolean =>
  to.length === from.length + 1 && to[from.length] === 0 && equalBytes(from, to.subarray(0, from.length))

/** One character for each byte. */
const asText = (bytes: Uint8Array): string =>
  String.fromCharCode.apply(undefined, bytes as unknown as number[])
