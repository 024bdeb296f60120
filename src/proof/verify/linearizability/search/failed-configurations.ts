import { mix } from './mix.ts'

/**
 * Configurations from which no order was found (Lowe 2017): the return that is waited for, the required operations that
 * are placed before their return, the state, and the operations of unknown outcome that are used up. All in one block of
 * integers, so that millions of them cost the collector nothing.
 *
 * One that failed with some unknown operations used up fails with more of them used up too, so one entry stands for
 * many.
 */
export class FailedConfigurations {
  readonly #requiredWords: number
  readonly #words: number
  readonly #entryLength: number
  /** By hash: the newest entry's number plus one; 0 for none. */
  #heads = new Int32Array(1 << 6)
  /**
   * Each entry: hash, the entry before it with this place in `#heads`, return, state, bits. Blocks are never copied once
   * they are full, so that the memory taken is what `memoryBytes` says at all times.
   */
  readonly #blocks: Int32Array[] = []
  #count = 0
  #entryBytes = 0

  /** `requiredWords` of a configuration's bits must be equal, the rest are used up. */
  constructor(requiredWords: number, optionalWords: number) {
    this.#requiredWords = requiredWords
    this.#words = requiredWords + optionalWords
    this.#entryLength = BITS + this.#words
  }

  get memoryBytes(): number {
    return this.#heads.byteLength + this.#entryBytes
  }

  add(nextReturn: number, state: number, bits: Int32Array, bitsHash: number): void {
    if (this.#count === this.#heads.length) this.#grow()
    const entries = this.#blockWithRoom()
    const at = (this.#count & BLOCK_MASK) * this.#entryLength
    const hash = hashOf(nextReturn, state, bitsHash)
    const bucket = hash & (this.#heads.length - 1)
    entries[at] = hash
    entries[at + PREVIOUS] = this.#heads[bucket]!
    entries[at + RETURN] = nextReturn
    entries[at + STATE] = state
    for (let i = 0; i < this.#words; i++) entries[at + BITS + i] = bits[i]!
    this.#heads[bucket] = ++this.#count
  }

  has(nextReturn: number, state: number, bits: Int32Array, bitsHash: number): boolean {
    if (this.#count === 0) return false
    const hash = hashOf(nextReturn, state, bitsHash)
    let looks = 0
    for (let entry = this.#heads[hash & (this.#heads.length - 1)]!; entry !== 0; ) {
      const entries = this.#blocks[(entry - 1) >> BLOCK_SHIFT]!
      const at = ((entry - 1) & BLOCK_MASK) * this.#entryLength
      if (
        entries[at] === hash &&
        entries[at + RETURN] === nextReturn &&
        entries[at + STATE] === state &&
        this.#covers(entries, at + BITS, bits)
      )
        return true
      // Not to look far is safe: what is not found is tried once more.
      if (++looks === LOOKS_MAX) return false
      entry = entries[at + PREVIOUS]!
    }
    return false
  }

  #covers(entries: Int32Array, at: number, bits: Int32Array): boolean {
    let i = 0
    for (; i < this.#requiredWords; i++) if (entries[at + i] !== bits[i]) return false
    for (; i < this.#words; i++) if ((entries[at + i]! & ~bits[i]!) !== 0) return false
    return true
  }

  #blockWithRoom(): Int32Array {
    const place = this.#count >> BLOCK_SHIFT
    const block = this.#blocks[place]
    const used = (this.#count & BLOCK_MASK) * this.#entryLength
    if (block !== undefined && used < block.length) return block
    // The first block begins small: most parts of a history never fail, or in a few places.
    const capacity = place === 0 ? Math.max(64, (this.#count & BLOCK_MASK) * 2) : BLOCK_MASK + 1
    const grown = new Int32Array(capacity * this.#entryLength)
    if (block !== undefined) grown.set(block)
    this.#entryBytes += grown.byteLength - (block?.byteLength ?? 0)
    this.#blocks[place] = grown
    return grown
  }

  #grow(): void {
    const heads = new Int32Array(this.#heads.length * 2)
    for (let entry = 1; entry <= this.#count; entry++) {
      const entries = this.#blocks[(entry - 1) >> BLOCK_SHIFT]!
      const at = ((entry - 1) & BLOCK_MASK) * this.#entryLength
      const bucket = entries[at]! & (heads.length - 1)
      entries[at + PREVIOUS] = heads[bucket]!
      heads[bucket] = entry
    }
    this.#heads = heads
  }
}

const PREVIOUS = 1
const RETURN = 2
const STATE = 3
const BITS = 4
const LOOKS_MAX = 64
const BLOCK_SHIFT = 14
const BLOCK_MASK = (1 << BLOCK_SHIFT) - 1

const hashOf = (nextReturn: number, state: number, bitsHash: number): number =>
  mix(bitsHash ^ Math.imul(nextReturn, 0x9e3779b1) ^ mix(state + 1))
