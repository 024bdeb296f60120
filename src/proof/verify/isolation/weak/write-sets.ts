import type { IsolationHistory } from '../history/isolation-history.ts'
import { PairTable } from '../history/pair-table.ts'

/** Smaller sets of writes are walked through; a look at a table costs as much. */
const WALKED_MAX = 12

/** Answers in constant time whether a transaction writes a key. */
export class WriteSets {
  readonly #writeStart: Int32Array
  readonly #writeKey: Int32Array
  readonly #large: PairTable

  constructor(history: IsolationHistory) {
    const { writeStart, writeKey } = history.arrays
    this.#writeStart = writeStart
    this.#writeKey = writeKey
    this.#large = new PairTable()
    for (let transaction = 0; transaction < history.transactions; transaction++) {
      if (this.size(transaction) <= WALKED_MAX) continue
      for (let at = writeStart[transaction]!; at < writeStart[transaction + 1]!; at++) {
        this.#large.add(transaction, writeKey[at]!)
      }
    }
  }

  get memoryBytes(): number {
    return this.#large.memoryBytes
  }

  size(transaction: number): number {
    return this.#writeStart[transaction + 1]! - this.#writeStart[transaction]!
  }

  has(transaction: number, key: number): boolean {
    const end = this.#writeStart[transaction + 1]!
    const start = this.#writeStart[transaction]!
    if (end - start > WALKED_MAX) return this.#large.has(transaction, key)
    for (let at = start; at < end; at++) {
      if (this.#writeKey[at] === key) return true
    }
    return false
  }
}
