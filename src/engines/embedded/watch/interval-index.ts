import { compareBytes } from '../../../foundation/bytes.ts'

/** From `from` up to `to`, exclusive; without an end when `to` is undefined. */
export interface Interval {
  readonly from: Uint8Array
  readonly to: Uint8Array | undefined
}

/**
 * Which of many intervals a key lies in, in about as many steps as there are answers: a balanced tree that lies in an
 * array, in the order of the beginnings, where each node knows how far the intervals below it reach.
 *
 * ```ts
 * index.add(interval)
 * index.find(key, found)
 * ```
 */
export class IntervalIndex<T extends Interval> {
  readonly #sorted: T[] = []
  /** How far the intervals of the subtree reach whose root stands at the same place in `#sorted`. */
  #reaches: (Uint8Array | undefined)[] | undefined

  add(interval: T): void {
    this.#sorted.splice(this.#firstFrom(interval.from), 0, interval)
    this.#reaches = undefined
  }

  remove(interval: T): void {
    const at = this.#sorted.indexOf(interval, this.#firstFrom(interval.from))
    if (at < 0) return
    this.#sorted.splice(at, 1)
    this.#reaches = undefined
  }

  /** Adds those that `key` lies in. */
  find(key: Uint8Array, found: T[]): void {
    if (this.#sorted.length === 0) return
    if (this.#reaches === undefined) {
      this.#reaches = new Array(this.#sorted.length)
      this.#measure(this.#reaches, 0, this.#sorted.length)
    }
    this.#visit(key, found, this.#reaches, 0, this.#sorted.length)
  }

  #visit(
    key: Uint8Array,
    found: T[],
    reaches: readonly (Uint8Array | undefined)[],
    low: number,
    high: number,
  ): void {
    if (low >= high) return
    const middle = (low + high) >> 1
    const reach = reaches[middle]
    if (reach !== undefined && compareBytes(reach, key) <= 0) return
    this.#visit(key, found, reaches, low, middle)
    const interval = this.#sorted[middle]!
    if (compareBytes(interval.from, key) > 0) return
    if (interval.to === undefined || compareBytes(key, interval.to) < 0) found.push(interval)
    this.#visit(key, found, reaches, middle + 1, high)
  }

  #measure(reaches: (Uint8Array | undefined)[], low: number, high: number): Uint8Array | undefined {
    const middle = (low + high) >> 1
    let reach = this.#sorted[middle]!.to
    if (low < middle) reach = laterEnd(reach, this.#measure(reaches, low, middle))
    if (middle + 1 < high) reach = laterEnd(reach, this.#measure(reaches, middle + 1, high))
    reaches[middle] = reach
    return reach
  }

  /** The first place whose interval begins at `from` or later. */
  #firstFrom(from: Uint8Array): number {
    let low = 0
    let high = this.#sorted.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (compareBytes(this.#sorted[middle]!.from, from) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}

const laterEnd = (left: Uint8Array | undefined, right: Uint8Array | undefined): Uint8Array | undefined =>
  left === undefined || right === undefined ? undefined : compareBytes(left, right) < 0 ? right : left
