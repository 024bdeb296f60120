/** Rows of one clock each, one counter for each session, given out and taken back. */
export class ClockPool {
  /** Row r is from `r * width` on. Allocating may replace the array. */
  clocks: Int32Array
  readonly #width: number
  readonly #rowsMax: number
  #free: number[] = []
  #rows = 0

  constructor(width: number, memoryBytesMax: number) {
    this.#width = width
    this.#rowsMax = Math.max(1, Math.floor(memoryBytesMax / (4 * Math.max(1, width))))
    this.clocks = new Int32Array(Math.min(64, this.#rowsMax) * width)
  }

  get memoryBytes(): number {
    return this.clocks.byteLength
  }

  /** A row of zeros; -1 when memory is spent. */
  allocate(): number {
    const row = this.#take()
    if (row >= 0) this.clocks.fill(0, row * this.#width, (row + 1) * this.#width)
    return row
  }

  /** A row that equals another; -1 when memory is spent. */
  copyOf(other: number): number {
    const row = this.#take()
    if (row >= 0) this.clocks.copyWithin(row * this.#width, other * this.#width, (other + 1) * this.#width)
    return row
  }

  free(row: number): void {
    this.#free.push(row)
  }

  /** Each counter of `into` becomes the greater of both. */
  join(into: number, other: number): void {
    const clocks = this.clocks
    let to = into * this.#width
    let from = other * this.#width
    for (const end = to + this.#width; to < end; to++, from++) {
      if (clocks[from]! > clocks[to]!) clocks[to] = clocks[from]!
    }
  }

  #take(): number {
    const freed = this.#free.pop()
    if (freed !== undefined) return freed
    if (this.#rows === this.#rowsMax) return -1
    if ((this.#rows + 1) * this.#width > this.clocks.length) {
      const rows = Math.min(this.#rowsMax, Math.max(16, this.#rows * 2))
      const grown = new Int32Array(rows * this.#width)
      grown.set(this.clocks)
      this.clocks = grown
    }
    return this.#rows++
  }
}
