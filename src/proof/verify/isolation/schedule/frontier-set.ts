/**
 * Frontiers that lead nowhere: how far each session has come, compared in full, so that a collision convicts nobody.
 */
export class FrontierSet {
  readonly #width: number
  #rows: Int32Array
  #slots: Int32Array
  #size = 0

  constructor(width: number) {
    this.#width = width
    this.#rows = new Int32Array(4 * width)
    this.#slots = new Int32Array(8).fill(-1)
  }

  get size(): number {
    return this.#size
  }

  get memoryBytes(): number {
    return this.#rows.byteLength + this.#slots.byteLength
  }

  has(frontier: Int32Array): boolean {
    return this.#slots[this.#find(frontier)] !== -1
  }

  add(frontier: Int32Array): void {
    const slot = this.#find(frontier)
    if (this.#slots[slot] !== -1) return
    if ((this.#size + 1) * this.#width > this.#rows.length) {
      const grown = new Int32Array(this.#rows.length * 2)
      grown.set(this.#rows)
      this.#rows = grown
    }
    this.#rows.set(frontier, this.#size * this.#width)
    this.#slots[slot] = this.#size++
    if (this.#size * 2 > this.#slots.length) this.#growSlots()
  }

  #find(frontier: Int32Array): number {
    const mask = this.#slots.length - 1
    let slot = hash(frontier, 0, this.#width) & mask
    for (;;) {
      const row = this.#slots[slot]!
      if (row === -1 || this.#equals(row * this.#width, frontier)) return slot
      slot = (slot + 1) & mask
    }
  }

  #equals(base: number, frontier: Int32Array): boolean {
    for (let i = 0; i < this.#width; i++) {
      if (this.#rows[base + i] !== frontier[i]) return false
    }
    return true
  }

  #growSlots(): void {
    this.#slots = new Int32Array(this.#slots.length * 2).fill(-1)
    const mask = this.#slots.length - 1
    for (let row = 0; row < this.#size; row++) {
      let slot = hash(this.#rows, row * this.#width, this.#width) & mask
      while (this.#slots[slot] !== -1) slot = (slot + 1) & mask
      this.#slots[slot] = row
    }
  }
}

function hash(items: Int32Array, start: number, width: number): number {
  let hash = 0
  for (let i = start; i < start + width; i++) {
    hash = Math.imul(hash ^ items[i]!, 0x9e3779b1)
    hash ^= hash >>> 15
  }
  return hash >>> 0
}
