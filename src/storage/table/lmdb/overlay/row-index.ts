import type { RowAddress, RowArena } from './row-arena.ts'

export const NOT_HERE = -1

const CAPACITY_MIN = 1_024
const SLOT_WORDS = 2

/**
 * Where the row of a key is: a hash table of numbers, with open addressing and linear probing (Knuth, *The Art of Computer
 * Programming* 3, 6.4, algorithm L). Keys are never taken out of it; a removed row is a row that says so.
 *
 * A slot is a hash, and an address plus one; 0 for a free slot.
 */
export class RowIndex {
  readonly #arena: RowArena
  #slots: Int32Array
  /** Of a slot's number. */
  #mask: number
  #count = 0

  /** With room for `countExpected` keys. */
  constructor(arena: RowArena, countExpected: number) {
    this.#arena = arena
    let capacity = CAPACITY_MIN
    while (isCrowded(countExpected, capacity)) capacity *= 2
    this.#slots = new Int32Array(capacity * SLOT_WORDS)
    this.#mask = capacity - 1
  }

  get count(): number {
    return this.#count
  }

  find(key: Uint8Array, hash: number): RowAddress | typeof NOT_HERE {
    return this.#slots[this.#slotOf(key, hash) * SLOT_WORDS + 1]! - 1
  }

  set(key: Uint8Array, hash: number, address: RowAddress): void {
    const at = this.#slotOf(key, hash) * SLOT_WORDS
    const isNew = this.#slots[at + 1] === 0
    this.#slots[at] = hash
    this.#slots[at + 1] = address + 1
    if (isNew && isCrowded(++this.#count, this.#mask + 1)) this.#grow()
  }

  /** That of the key, or the free one where it belongs. */
  #slotOf(key: Uint8Array, hash: number): number {
    const slots = this.#slots
    for (let slot = hash & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const address = slots[slot * SLOT_WORDS + 1]! - 1
      if (address === NOT_HERE) return slot
      if (slots[slot * SLOT_WORDS] === hash && this.#arena.hasKey(address, key)) return slot
    }
  }

  #grow(): void {
    const old = this.#slots
    const capacity = 2 * (this.#mask + 1)
    const slots = new Int32Array(capacity * SLOT_WORDS)
    const mask = capacity - 1
    for (let at = 0; at < old.length; at += SLOT_WORDS) {
      if (old[at + 1] === 0) continue
      let slot = old[at]! & mask
      while (slots[slot * SLOT_WORDS + 1] !== 0) slot = (slot + 1) & mask
      slots[slot * SLOT_WORDS] = old[at]!
      slots[slot * SLOT_WORDS + 1] = old[at + 1]!
    }
    this.#slots = slots
    this.#mask = mask
  }
}

const isCrowded = (count: number, capacity: number): boolean => count * 3 > capacity * 2
