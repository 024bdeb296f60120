import { utf8 } from '../foundation/bytes.ts'
import { checksum } from '../foundation/checksum.ts'
import type { Random } from './random.ts'

/**
 * Numbers that depend on the seed and the label alone: sfc32 (Chris Doty-Humphrey's small fast counting generator).
 *
 * ```ts
 * const random = new SeededRandom(42)
 * const delays = random.fork('delays') // its own stream: drawing from it moves no other
 * ```
 *
 * A fork starts from the seed and its label, never from how many numbers were drawn so far: a new draw in one part
 * does not shift the others.
 */
export class SeededRandom implements Random {
  readonly #seed: number
  readonly #path: string
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: number, path = '') {
    this.#seed = seed
    this.#path = path
    this.#a = seed | 0
    this.#b = Math.floor(seed / 0x1_0000_0000) | 0
    this.#c = checksum(utf8(path)) | 0
    // Near seeds begin alike; the first rounds drive them apart.
    for (let round = 0; round < 15; round++) this.uint32()
  }

  fork(label: string | number): SeededRandom {
    return new SeededRandom(this.#seed, `${this.#path}/${label}`)
  }

  uint32(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return sum >>> 0
  }

  next(): number {
    return this.uint32() / 0x1_0000_0000
  }

  integer(min: number, max: number): number {
    const range = max - min + 1
    if (range <= 0x1_0000_0000) return min + Math.floor(this.next() * range)
    return min + Math.floor((this.#bits(52) / 2 ** 52) * range)
  }

  id(): number {
    return this.#bits(52) || 1
  }

  /** Uniform in [min, max). */
  between(min: number, max: number): number {
    return min + this.next() * (max - min)
  }

  /** True with this probability; 0 draws nothing, so that a fault that is off costs nothing. */
  chance(probability: number): boolean {
    return probability > 0 && this.next() < probability
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.integer(0, items.length - 1)]!
  }

  #bits(count: number): number {
    return (this.uint32() >>> (64 - count)) * 0x1_0000_0000 + this.uint32()
  }
}
