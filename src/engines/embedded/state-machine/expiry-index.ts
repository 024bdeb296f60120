import type { Table } from '../../../storage/table/table.ts'
import { space, systemRowKey, viewOf } from './row.ts'

/**
 * The keys with a time to live, as rows ordered by the time they go: there may be as many as there are keys, so only
 * where the first of them stands is kept in memory.
 */
export class ExpiryIndex {
  readonly #table: Table
  /** No key goes before this; `Infinity` when there is none. Reading begins here, beyond what was removed. */
  #earliestMs = 0
  /** Whether a key does go then. */
  #isExact = false

  constructor(table: Table) {
    this.#table = table
  }

  /** When the next key goes; `Infinity` when there is none. Reads the table at times. */
  get nextExpiryMs(): number {
    if (!this.#isExact) {
      this.#isExact = true
      const from = systemRowKey(space.expiry, this.#earliestMs)
      this.#earliestMs = Number.POSITIVE_INFINITY
      for (const row of this.#table.scan(from, new Uint8Array([space.expiry + 1]))) {
        this.#earliestMs = timeOf(row.key)
        break
      }
    }
    return this.#earliestMs
  }

  /** Looks right away: later, a look would make the table keep an order that nobody needs. */
  load(): void {
    this.#earliestMs = 0
    this.#isExact = false
    void this.nextExpiryMs
  }

  isDue(logTimeMs: number): boolean {
    return logTimeMs > this.#earliestMs && logTimeMs > this.nextExpiryMs
  }

  added(expiresAtMs: number): void {
    if (expiresAtMs <= this.#earliestMs) {
      this.#earliestMs = expiresAtMs
      this.#isExact = true
    }
  }

  removed(expiresAtMs: number): void {
    if (expiresAtMs === this.#earliestMs) this.#isExact = false
  }

  /** Up to `max` rows of keys whose time is over, as copies. They are to be removed. */
  takeExpired(logTimeMs: number, max: number): Uint8Array[] {
    const expired: Uint8Array[] = []
    // Equality is too early, and the end of a scan is not included.
    const to = systemRowKey(space.expiry, logTimeMs)
    for (const row of this.#table.scan(systemRowKey(space.expiry, this.#earliestMs), to)) {
      if (expired.length === max) break
      expired.push(new Uint8Array(row.key))
    }
    const last = expired.at(-1)
    this.#earliestMs = expired.length === max && last !== undefined ? timeOf(last) : logTimeMs
    this.#isExact = false
    return expired
  }
}

const timeOf = (rowKey: Uint8Array): number => viewOf(rowKey).getFloat64(1)
