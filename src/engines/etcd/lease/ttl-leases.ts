import type { Call } from '../call.ts'
import type { Rpc } from '../rpc.ts'
import { type Grant, grantLease } from './lease-grants.ts'
import type { KeptLease, LeaseKeeper } from './lease-keeper.ts'

/** Values with the same time to live share a lease when they are written within this part of it. */
const SHARED_PART = 1 / 16
const SHARED_MS_MIN = 250
/** Different times to live that are remembered. */
const LEASES_MAX = 256

/** A lease that values with a time to live are put under. */
export interface TtlLease extends Grant {
  /** A put that etcd has by then is kept for its whole time to live. */
  readonly shareUntilMs: number
}

/**
 * The leases behind `ttlMs`. A lease lives a little longer than the values need that share it, so that the last of them
 * is not gone early; a put that took longer than expected has the lease renewed before it is acknowledged.
 */
export class TtlLeases {
  readonly #rpc: Rpc
  readonly #keeper: LeaseKeeper
  readonly #leases = new Map<number, Promise<TtlLease>>()
  readonly #renewing = new Map<number, { readonly kept: KeptLease; users: number }>()

  constructor(rpc: Rpc, keeper: LeaseKeeper) {
    this.#rpc = rpc
    this.#keeper = keeper
  }

  async lease(call: Call, ttlMs: number): Promise<TtlLease> {
    const shared = this.#leases.get(ttlMs)
    if (shared !== undefined) {
      const granted = await call.waitForShared(shared)
      if (granted === undefined) throw call.outOfTime()
      if ('value' in granted && performance.now() < granted.value.shareUntilMs) return granted.value
      if (this.#leases.get(ttlMs) !== shared) return this.lease(call, ttlMs)
    }
    const granting = this.#grant(call, ttlMs)
    this.#leases.set(ttlMs, granting)
    // Waited for below; others that share it see the same end.
    granting.catch(() => this.forget(ttlMs, granting))
    if (this.#leases.size > LEASES_MAX) this.#leases.delete(this.#leases.keys().next().value!)
    return granting
  }

  /** The lease is gone already: the next put gets another. */
  forget(ttlMs: number, lease?: Promise<TtlLease>): void {
    if (lease === undefined || this.#leases.get(ttlMs) === lease) this.#leases.delete(ttlMs)
  }

  /** After a put under it was acknowledged. False when its values may be gone early. */
  async confirm(call: Call, lease: TtlLease): Promise<boolean> {
    if (performance.now() <= lease.shareUntilMs) return true
    const renewing = this.#renewing.get(lease.id) ?? { kept: this.#keeper.keep(lease, () => {}), users: 0 }
    this.#renewing.set(lease.id, renewing)
    renewing.users++
    try {
      const renewed = await call.waitForShared(renewing.kept.renew())
      return renewed !== undefined && 'value' in renewed && renewed.value
    } finally {
      if (--renewing.users === 0) {
        renewing.kept.stop()
        this.#renewing.delete(lease.id)
      }
    }
  }

  async #grant(call: Call, ttlMs: number): Promise<TtlLease> {
    const shareMs = Math.max(SHARED_MS_MIN, ttlMs * SHARED_PART)
    const grant = await grantLease(this.#rpc, call, ttlMs + shareMs)
    return { ...grant, shareUntilMs: grant.sentAtMs + grant.ttlMs - ttlMs }
  }
}
