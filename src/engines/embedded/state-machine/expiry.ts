import { unreachable } from '../../../foundation/assert.ts'
import type { LeaseId } from '../../../foundation/ids.ts'
import { mark } from '../../../foundation/marks.ts'
import type { RowChange, Table } from '../../../storage/table/table.ts'
import { ExpiryIndex } from './expiry-index.ts'
import type { Lease } from './lease-heap.ts'
import { Leases } from './leases.ts'
import { type Attachment, space, systemRowKey, userRowKey } from './row.ts'

const empty = new Uint8Array(0)

/**
 * What goes by itself: leases with their keys, and keys with a time to live. Each attached key has a second row that
 * finds it by its lease or by its time; all removal is by these.
 */
export class Expiry {
  readonly leases: Leases
  readonly #table: Table
  readonly #perEntryMax: number
  readonly #index: ExpiryIndex

  /** `perEntryMax`: leases and keys that one entry removes because their time is over; the next entries remove the rest. */
  constructor(table: Table, perEntryMax: number, leasesMax: number) {
    this.leases = new Leases(leasesMax)
    this.#table = table
    this.#perEntryMax = perEntryMax
    this.#index = new ExpiryIndex(table)
  }

  load(): void {
    this.leases.load(this.#table)
    this.#index.load()
  }

  /** The log time at which something goes next; undefined when nothing will. */
  get nextDueMs(): number | undefined {
    const nextMs = Math.min(this.leases.nextExpiryMs, this.#index.nextExpiryMs)
    // At the time itself it is still there.
    return nextMs === Number.POSITIVE_INFINITY ? undefined : nextMs + 1
  }

  isDue(logTimeMs: number): boolean {
    return logTimeMs > this.leases.earliestMs || this.#index.isDue(logTimeMs)
  }

  attach(key: Uint8Array, attachment: Attachment, changes: RowChange[]): void {
    const row = indexRowKey(key, attachment)
    changes.push({ key: row, value: empty })
    if (attachment.kind === 'lease') this.leases.countKeys(attachment.lease, 1)
    else this.#index.added(row, attachment.expiresAtMs)
  }

  /** The row of `key` is about to be overwritten or removed. */
  detach(key: Uint8Array, attachment: Attachment, changes: RowChange[]): void {
    changes.push({ key: indexRowKey(key, attachment), value: undefined })
    if (attachment.kind === 'lease') this.leases.countKeys(attachment.lease, -1)
    else this.#index.removed(attachment.expiresAtMs)
  }

  /** Removes what is due, up to the bound: leases in the order in which they expire, then keys. Adds their keys to `removed`. */
  expire(logTimeMs: number, changes: RowChange[], removed: Uint8Array[]): void {
    let left = this.#perEntryMax
    for (
      let lease = this.leases.firstExpired(logTimeMs);
      lease;
      lease = this.leases.firstExpired(logTimeMs)
    ) {
      const found = this.#removeKeys(lease, left, changes, removed)
      left -= found
      if (left === 0) return mark('state-machine/expiry-left-over')
      mark('state-machine/lease-expired')
      this.leases.remove(lease)
      left--
      if (left === 0) return
    }
    if (!this.#index.isDue(logTimeMs)) return
    for (const row of this.#index.takeExpired(logTimeMs, left)) {
      mark('state-machine/key-expired')
      changes.push({ key: row, value: undefined })
      this.#removeKey(row.subarray(9), changes, removed)
    }
  }

  /** Removes a lease with all its keys, however many; says whether it was there and not expired. */
  end(id: LeaseId, logTimeMs: number, changes: RowChange[], removed: Uint8Array[]): boolean {
    const lease = this.leases.find(id)
    if (lease === undefined) return false
    const existed = this.leases.live(id, logTimeMs) !== undefined
    this.#removeKeys(lease, Number.POSITIVE_INFINITY, changes, removed)
    this.leases.remove(lease)
    return existed
  }

  /** Up to `max` keys of a lease; says how many. */
  #removeKeys(lease: Lease, max: number, changes: RowChange[], removed: Uint8Array[]): number {
    if (lease.keyCount === 0) return 0
    const rows: Uint8Array[] = []
    const from = systemRowKey(space.leaseKey, lease.id)
    for (const row of this.#table.scan(from, systemRowKey(space.leaseKey, lease.id + 1))) {
      if (rows.length === max) break
      rows.push(new Uint8Array(row.key))
    }
    for (const row of rows) {
      changes.push({ key: row, value: undefined })
      this.#removeKey(row.subarray(9), changes, removed)
    }
    this.leases.countKeys(lease.id, -rows.length)
    return rows.length
  }

  #removeKey(key: Uint8Array, changes: RowChange[], removed: Uint8Array[]): void {
    changes.push({ key: userRowKey(key), value: undefined })
    removed.push(key)
  }
}

/** What a put asks for, as of now. */
export function attachmentOf(
  put: { readonly ttlMs?: number; readonly lease?: LeaseId },
  logTimeMs: number,
): Attachment | undefined {
  if (put.ttlMs !== undefined) return { kind: 'expiry', expiresAtMs: logTimeMs + put.ttlMs }
  if (put.lease !== undefined) return { kind: 'lease', lease: put.lease }
  return undefined
}

function indexRowKey(key: Uint8Array, attachment: Attachment): Uint8Array {
  switch (attachment.kind) {
    case 'lease':
      return systemRowKey(space.leaseKey, attachment.lease, key)
    case 'expiry':
      return systemRowKey(space.expiry, attachment.expiresAtMs, key)
    default:
      return unreachable(attachment)
  }
}
