import { utf8 } from '../../src/foundation/bytes.ts'

const KEY_BYTES = 16
const VALUE_BYTES = 256

/** Key number `number`: 16 bytes of text, so that it can be named in a URL as well. */
export const keyOf = (number: number): Uint8Array =>
  utf8(`key-${String(number).padStart(KEY_BYTES - 4, '0')}`)

/** Uniform whole numbers from a seed (mulberry32): the same sequence for every contender. */
export class Draw {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** Uniform in 0 … `bound` - 1. */
  below(bound: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * bound)
  }
}

/** Values that do not compress and differ from each other, made beforehand. */
export function drawValues(count: number, seed: number): Uint8Array[] {
  const draw = new Draw(seed)
  return Array.from({ length: count }, () => Uint8Array.from({ length: VALUE_BYTES }, () => draw.below(256)))
}
