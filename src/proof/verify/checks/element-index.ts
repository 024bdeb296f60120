import type { HistoryValue } from '../history/event.ts'
import { type ElementKey, elementKey } from './client-operations.ts'

/**
 * Numbers elements as they come, for reads that list them over and over: a look at one that is a small number, as most
 * are, is a look into an array and not into a map.
 *
 * ```ts
 * const index = new ElementIndex()
 * index.add('a') // 0
 * index.indexOf('b') // -1
 * ```
 */
export class ElementIndex {
  size = 0
  readonly #others = new Map<ElementKey, number>()
  /** By the number that is the element: its place, plus one. */
  #small = new Int32Array(1024)

  static readonly #smallMax = 1 << 24

  /** The place of an element, a new one if it is new. */
  add(value: HistoryValue): number {
    const known = this.indexOf(value)
    if (known >= 0) return known
    const place = this.size++
    if (isSmall(value, ElementIndex.#smallMax)) {
      if (value >= this.#small.length) this.#grow(value)
      this.#small[value] = place + 1
    } else this.#others.set(elementKey(value), place)
    return place
  }

  /** -1 for one that was not added. */
  indexOf(value: HistoryValue): number {
    if (isSmall(value, ElementIndex.#smallMax))
      return value < this.#small.length ? this.#small[value]! - 1 : -1
    return this.#others.get(elementKey(value)) ?? -1
  }

  #grow(value: number): void {
    const larger = new Int32Array(Math.min(ElementIndex.#smallMax, 2 ** Math.ceil(Math.log2(value + 1))))
    larger.set(this.#small)
    this.#small = larger
  }
}

function isSmall(value: HistoryValue, smallMax: number): value is number {
  return typeof value === 'number' && value >= 0 && value < smallMax && Number.isInteger(value)
}
