import { assert } from '../../../foundation/assert.ts'
import type { LeaseId } from '../../../foundation/ids.ts'

export interface Lease {
  readonly id: LeaseId
  readonly ttlMs: number
  /** It is gone once log time is beyond this. */
  expiresAtMs: number
  /** Keys that go with it. */
  keyCount: number
  /** What the heap orders it by: never later than `expiresAtMs`. */
  queuedMs: number
  heapAt: number
}

/**
 * Leases, the next to expire first, of equals the older one. A keep-alive costs nothing here: a lease stays where it was
 * queued, which is too early, and moves back when it comes to the front.
 */
export class LeaseHeap {
  readonly #leases: Lease[] = []

  /** No lease expires before this; `Infinity` when there is none. */
  get earliestMs(): number {
    return this.#leases.length === 0 ? Number.POSITIVE_INFINITY : this.#leases[0]!.queuedMs
  }

  push(lease: Lease): void {
    this.#leases.push(lease)
    this.#up(this.#leases.length - 1, lease)
  }

  /** The next to expire. */
  first(): Lease | undefined {
    for (;;) {
      const lease = this.#leases[0]
      if (lease === undefined || lease.queuedMs === lease.expiresAtMs) return lease
      assert(lease.queuedMs < lease.expiresAtMs, 'a lease is queued no later than it expires')
      lease.queuedMs = lease.expiresAtMs
      this.#down(0, lease)
    }
  }

  remove(lease: Lease): void {
    const at = lease.heapAt
    assert(this.#leases[at] === lease, 'a lease knows its place')
    const last = this.#leases.pop()!
    if (last === lease) return
    this.#up(at, last)
    if (last.heapAt === at) this.#down(at, last)
  }

  clear(): void {
    this.#leases.length = 0
  }

  #up(at: number, lease: Lease): void {
    while (at > 0) {
      const parentAt = (at - 1) >> 1
      const parent = this.#leases[parentAt]!
      if (!isBefore(lease, parent)) break
      this.#place(at, parent)
      at = parentAt
    }
    this.#place(at, lease)
  }

  #down(at: number, lease: Lease): void {
    const leases = this.#leases
    for (;;) {
      let childAt = 2 * at + 1
      if (childAt >= leases.length) break
      if (childAt + 1 < leases.length && isBefore(leases[childAt + 1]!, leases[childAt]!)) childAt++
      const child = leases[childAt]!
      if (!isBefore(child, lease)) break
      this.#place(at, child)
      at = childAt
    }
    this.#place(at, lease)
  }

  #place(at: number, lease: Lease): void {
    this.#leases[at] = lease
    lease.heapAt = at
  }
}

const isBefore = (left: Lease, right: Lease): boolean =>
  left.queuedMs < right.queuedMs || (left.queuedMs === right.queuedMs && left.id < right.id)
