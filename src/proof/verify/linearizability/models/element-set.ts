import type { HistoryValue } from '../../history/event.ts'
import { type ElementKey, elementKey } from './element-key.ts'

/** The elements that sets may hold, numbered as they are met. */
class Universe {
  readonly elements: HistoryValue[] = []
  readonly #numbers = new Map<ElementKey, number>()
  /** What was read, by numbers: the same answer is held against many sets. */
  readonly #read = new WeakMap<readonly HistoryValue[], Int32Array>()

  numberOf(element: HistoryValue): number {
    const key = elementKey(element)
    let number = this.#numbers.get(key)
    if (number === undefined) this.#numbers.set(key, (number = this.elements.push(element) - 1))
    return number
  }

  numbersOf(elements: readonly HistoryValue[]): Int32Array {
    let numbers = this.#read.get(elements)
    if (numbers === undefined) {
      numbers = Int32Array.from(new Set(elements.map((element) => this.numberOf(element))))
      this.#read.set(elements, numbers)
    }
    return numbers
  }
}

/** A set that does not change, as a bit for each element that was met: a copy of it is short. */
export class ElementSet {
  readonly size: number
  readonly #bits: Uint16Array
  readonly #universe: Universe

  private constructor(universe: Universe, bits: Uint16Array, size: number) {
    this.#universe = universe
    this.#bits = bits
    this.size = size
  }

  static empty(): ElementSet {
    return new ElementSet(new Universe(), new Uint16Array(0), 0)
  }

  with(element: HistoryValue): ElementSet {
    const number = this.#universe.numberOf(element)
    if (this.#has(number)) return this
    const bits = new Uint16Array(Math.max(this.#bits.length, (number >> 4) + 1))
    bits.set(this.#bits)
    bits[number >> 4]! |= 1 << (number & 15)
    return new ElementSet(this.#universe, bits, this.size + 1)
  }

  without(element: HistoryValue): ElementSet {
    const number = this.#universe.numberOf(element)
    if (!this.#has(number)) return this
    const bits = this.#bits.slice()
    bits[number >> 4]! &= ~(1 << (number & 15))
    // Equal sets have equal keys.
    let length = bits.length
    while (length > 0 && bits[length - 1] === 0) length--
    return new ElementSet(this.#universe, bits.subarray(0, length), this.size - 1)
  }

  /** Whether it holds these and no others. */
  isOf(elements: readonly HistoryValue[]): boolean {
    // Repeated ones count once.
    if (elements.length < this.size) return false
    const numbers = this.#universe.numbersOf(elements)
    return numbers.length === this.size && numbers.every((number) => this.#has(number))
  }

  /** The same for equal sets that came from one empty one. */
  get key(): string {
    const bits = this.#bits
    if (bits.length <= KEY_PART) return String.fromCharCode(...bits)
    let key = ''
    for (let at = 0; at < bits.length; at += KEY_PART)
      key += String.fromCharCode(...bits.subarray(at, at + KEY_PART))
    return key
  }

  elements(): HistoryValue[] {
    return this.#universe.elements.filter((_, number) => this.#has(number))
  }

  #has(number: number): boolean {
    return ((this.#bits[number >> 4] ?? 0) & (1 << (number & 15))) !== 0
  }
}

/** So many arguments a function takes anywhere. */
const KEY_PART = 4_096
