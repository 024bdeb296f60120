import { compareBytes } from '../../../foundation/bytes.ts'
import type { Table } from '../../../storage/table/table.ts'
import { space, systemRowKey, viewOf } from './row.ts'

const end = new Uint8Array([space.expiry + 1])

/**
 * The keys with a time to live, as rows ordered by the time they go: there may be as many as there are keys, so only
 * where the first of them stands is kept in memory.
 */
export class ExpiryIndex {
  readonly #table: Table
  /**
   * No row stands before this one; reading begins here. A row and not a time: what was removed lies in the table as a
   * tombstone until it is flushed, and keys that go at one time would each be looked for beyond all before it.
   */
  #from = rowAt(0)
  /** The time of `#from`: no key goes before. `Infinity` when there is none. */
  #earliestMs = 0
  /** Whether a key does go then. */
  #isExact = false

  constructor(table: Table) {
    this.#table = table
  }

  /** When the next key goes; `Infinity` when there is none. Reads the table at times. */
  get nextExpiryMs(): number {
    if (!this.#isExact) {
      let first = rowAt(Number.POSITIVE_INFINITY)
      for (const row of this.#table.scan(this.#from, end)) {
        first = new Uint8Array(row.key)
        break
      }
      this.#beginAt(first)
      this.#isExact = true
    }
    return this.#earliestMs
  }

  /** Looks right away: later, a look would make the table keep an order that nobody needs. */
  load(): void {
    this.#beginAt(rowAt(0))
    void this.nextExpiryMs
  }

  isDue(logTimeMs: number): boolean {
    return logTimeMs > this.#earliestMs && logTimeMs > this.nextExpiryMs
  }

  added(row: Uint8Array, expiresAtMs: number): void {
    if (expiresAtMs > this.#earliestMs) return
    if (compareBytes(row, this.#from) < 0) this.#beginAt(row)
    this.#isExact = true
  }

  removed(expiresAtMs: number): void {
    if (expiresAtMs === this.#earliestMs) this.#isExact = false
  }

  /** Up to `max` rows of keys whose time is over, as copies. They are to be removed. */
  takeExpired(logTimeMs: number, max: number): Uint8Array[] {
    const expired: Uint8Array[] = []
    // Equality is too early, and the end of a scan is not included.
    const to = rowAt(logTimeMs)
    for (const row of this.#table.scan(this.#from, to)) {
      if (expired.length === max) break
      expired.push(new Uint8Array(row.key))
    }
    const last = expired.at(-1)
    this.#beginAt(expired.length === max && last !== undefined ? last : to)
    return expired
  }

  #beginAt(row: Uint8Array): void {
    this.#from = row
    this.#earliestMs = timeOf(row)
    this.#isExact = false
  }
}

const rowAt = (timeMs: number): Uint8Array => systemRowKey(space.expiry, timeMs)

const timeOf = (rowKey: Uint8Array): number => viewOf(rowKey).getFloat64(1)
