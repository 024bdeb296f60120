/**
 * A list of 32-bit integers that grows, without a box for each.
 *
 * ```ts
 * const list = new IntList()
 * list.push(7)
 * list.toArray() // Int32Array [7]
 * ```
 */
export class IntList {
  /** Read `items[i]` for i below `length` on hot paths; pushing may replace the array. */
  items: Int32Array
  length = 0

  constructor(capacity = 16) {
    this.items = new Int32Array(capacity)
  }

  push(item: number): void {
    if (this.length === this.items.length) {
      const grown = new Int32Array(this.length * 2)
      grown.set(this.items)
      this.items = grown
    }
    this.items[this.length++] = item
  }

  /** A copy that holds no spare room. */
  toArray(): Int32Array {
    return this.items.slice(0, this.length)
  }
}
