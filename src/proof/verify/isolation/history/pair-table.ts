/**
 * Pairs of 32-bit integers, each with a number from 0 in the order in which they came: open addressing in one array.
 *
 * ```ts
 * const table = new PairTable()
 * table.add(3, 4) // true
 * table.add(3, 4) // false
 * ```
 */
export class PairTable {
  #slots: Int32Array
  #mask: number
  #size = 0

  /** `expected` pairs fit without growing. */
  constructor(expected = 8) {
    let capacity = 16
    while (capacity < expected * 2) capacity *= 2
    this.#slots = new Int32Array(capacity * 2).fill(-1)
    this.#mask = capacity - 1
  }

  get memoryBytes(): number {
    return this.#slots.byteLength
  }

  /** `first` is not negative. False if the pair is there already. */
  add(first: number, second: number): boolean {
    if (this.#size * 2 > this.#mask) this.#grow()
    const slot = this.#find(first, second)
    if (this.#slots[slot] !== -1) return false
    this.#slots[slot] = first
    this.#slots[slot + 1] = second
    this.#size++
    return true
  }

  has(first: number, second: number): boolean {
    return this.#slots[this.#find(first, second)] !== -1
  }

  #find(first: number, second: number): number {
    const slots = this.#slots
    let place = hashPair(first, second) & this.#mask
    for (;;) {
      const slot = place * 2
      const held = slots[slot]!
      if (held === -1 || (held === first && slots[slot + 1] === second)) return slot
      place = (place + 1) & this.#mask
    }
  }

  #grow(): void {
    const old = this.#slots
    this.#slots = new Int32Array(old.length * 2).fill(-1)
    this.#mask = this.#slots.length / 2 - 1
    for (let i = 0; i < old.length; i += 2) {
      if (old[i] === -1) continue
      const slot = this.#find(old[i]!, old[i + 1]!)
      this.#slots[slot] = old[i]!
      this.#slots[slot + 1] = old[i + 1]!
    }
  }
}

/** Spreads pairs of small integers, which differ in their low bits only, over 32 bits. */
export function hashPair(first: number, second: number): number {
  let hash = Math.imul(first, 0x9e3779b1) ^ Math.imul(second, 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return (hash ^ (hash >>> 13)) >>> 0
}
