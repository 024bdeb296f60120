import { assert } from '../../../foundation/assert.ts'
import { type LeaseId, leaseId } from '../../../foundation/ids.ts'
import type { RowChange, Table } from '../../../storage/table/table.ts'
import { type Lease, LeaseHeap } from './lease-heap.ts'
import { space, systemRowKey, viewOf } from './row.ts'

/** About 200 bytes of memory each. */
export const LEASES_MAX = 1_000_000
const ROW_BYTES = 24

/**
 * Leases and when they expire. They live in memory, since keep-alives change them all the time; `writeDirty` turns the
 * changed ones into rows just before the table is flushed (as sessions).
 *
 * A lease whose time is over is gone for all who ask, even while it or its keys wait to be removed.
 */
export class Leases {
  readonly #leases = new Map<LeaseId, Lease>()
  readonly #heap = new LeaseHeap()
  readonly #dirty = new Set<LeaseId>()
  readonly #leasesMax: number

  constructor(leasesMax: number) {
    this.#leasesMax = leasesMax
  }

  /** Those that expired and were not removed yet included. */
  get size(): number {
    return this.#leases.size
  }

  /** No lease expires before this: quick, and perhaps too early. */
  get earliestMs(): number {
    return this.#heap.earliestMs
  }

  /** When the next one expires; `Infinity` when there is none. */
  get nextExpiryMs(): number {
    return this.#heap.first()?.expiresAtMs ?? Number.POSITIVE_INFINITY
  }

  /** Reads all rows: after a start, and after a snapshot was installed. */
  load(table: Table): void {
    this.#leases.clear()
    this.#heap.clear()
    this.#dirty.clear()
    for (const row of table.scan(new Uint8Array([space.lease]), new Uint8Array([space.lease + 1]))) {
      const view = viewOf(row.value)
      const id = leaseId(viewOf(row.key).getFloat64(1))
      this.#add(id, view.getFloat64(0), view.getFloat64(8), view.getFloat64(16))
    }
  }

  /** A new lease, named by the index of the entry that grants it. False when there are too many. */
  grant(id: LeaseId, ttlMs: number, logTimeMs: number): boolean {
    if (this.#leases.size >= this.#leasesMax) return false
    assert(!this.#leases.has(id), 'an entry grants one lease')
    this.#add(id, ttlMs, logTimeMs + ttlMs, 0)
    this.#dirty.add(id)
    return true
  }

  /** The lease, unless it is gone. */
  live(id: LeaseId, logTimeMs: number): Lease | undefined {
    const lease = this.#leases.get(id)
    return lease === undefined || logTimeMs > lease.expiresAtMs ? undefined : lease
  }

  /** The lease, also when it expired and waits for the removal of its keys. */
  find(id: LeaseId): Lease | undefined {
    return this.#leases.get(id)
  }

  /** False when it is gone. */
  keep(id: LeaseId, logTimeMs: number): boolean {
    const lease = this.live(id, logTimeMs)
    if (lease === undefined) return false
    lease.expiresAtMs = logTimeMs + lease.ttlMs
    this.#dirty.add(id)
    return true
  }

  /** Keys come to a lease, or leave it. */
  countKeys(id: LeaseId, difference: number): void {
    const lease = this.#leases.get(id)
    if (lease === undefined) return
    lease.keyCount += difference
    this.#dirty.add(id)
  }

  /** The first of those whose time is over. */
  firstExpired(logTimeMs: number): Lease | undefined {
    if (this.#heap.earliestMs >= logTimeMs) return undefined
    const lease = this.#heap.first()
    return lease !== undefined && logTimeMs > lease.expiresAtMs ? lease : undefined
  }

  remove(lease: Lease): void {
    this.#leases.delete(lease.id)
    this.#heap.remove(lease)
    this.#dirty.add(lease.id)
  }

  /** Rows of the leases that changed since the last call. */
  writeDirty(): RowChange[] {
    const changes: RowChange[] = []
    for (const id of this.#dirty) {
      const lease = this.#leases.get(id)
      changes.push({ key: systemRowKey(space.lease, id), value: lease && encodeLease(lease) })
    }
    this.#dirty.clear()
    return changes
  }

  #add(id: LeaseId, ttlMs: number, expiresAtMs: number, keyCount: number): void {
    const lease: Lease = { id, ttlMs, expiresAtMs, keyCount, queuedMs: expiresAtMs, heapAt: 0 }
    this.#leases.set(id, lease)
    this.#heap.push(lease)
  }
}

function encodeLease({ ttlMs, expiresAtMs, keyCount }: Lease): Uint8Array {
  const row = new Uint8Array(ROW_BYTES)
  const view = viewOf(row)
  view.setFloat64(0, ttlMs)
  view.setFloat64(8, expiresAtMs)
  view.setFloat64(16, keyCount)
  return row
}
