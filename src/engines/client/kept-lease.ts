import { DureError } from '../../foundation/errors.ts'
import type { LeaseId } from '../../foundation/ids.ts'
import type { FencingToken } from '../../ports/key-value/lease.ts'

/** A lease as the cluster granted it, and how long it is certainly there if nobody keeps it alive. */
export interface GrantedLease {
  readonly id: LeaseId
  readonly token: FencingToken
  readonly ttlMs: number
  /** On this client's monotonic clock. */
  readonly aliveUntilMs: number
}

/** A lease that a `LeaseKeeper` keeps alive. */
export interface KeptLease {
  readonly id: LeaseId
  readonly ttlMs: number
  aliveUntilMs: number
  /** Called once at most, and not after `drop`. */
  readonly lost: (reason: DureError) => void
}

/**
 * Until when a lease is certainly alive that was granted or kept by a request sent at `sentMs`: the cluster counts from
 * later on. Less one percent, for clocks that do not run at quite the same rate.
 */
export const aliveUntil = (sentMs: number, ttlMs: number): number => sentMs + ttlMs * 0.99

export const leaseExpired = (id: LeaseId): DureError =>
  new DureError('lease-lost', `the lease ${id} is gone: it expired or was released; take a new lease`)

export const leaseDoubtful = (id: LeaseId, ttlMs: number): DureError =>
  new DureError(
    'lease-lost',
    `no keep-alive of the lease ${id} got through within its ${ttlMs} ms, so it may be gone: stop what relies on it`,
  )
