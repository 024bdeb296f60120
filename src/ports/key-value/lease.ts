import type { Branded } from '../../foundation/ids.ts'
import type { CallOptions } from './key-value-store.ts'

/**
 * Grows with every grant of a lease in a cluster. A holder sends it along with what it does elsewhere, and the other
 * side refuses a token smaller than the largest it has seen: so a holder that was paused beyond its lease can do no harm
 * (Kleppmann, _How to do distributed locking_, 2016).
 */
export type FencingToken = Branded<number, 'FencingToken'>

/**
 * A promise to be here: keys written with it are gone when its holder is. Kept alive by itself until released.
 *
 * ```ts
 * await using lease = await store.lease({ ttlMs: 10_000 })
 * await store.put(key, value, { lease })
 * lease.signal.addEventListener('abort', stopWorking)
 * ```
 *
 * Guarantee: never expires while keep-alives get through within `ttlMs`, whatever clocks say and whoever leads; `signal`
 * aborts no later than the store may expire it, given clocks that run at about the same rate. A process that is paused,
 * or a machine that is suspended, may act in the moment before it notices: what must never happen twice carries the token.
 */
export interface Lease extends AsyncDisposable {
  /** Opaque, for logs and for HTTP. */
  readonly id: string
  readonly token: FencingToken
  readonly ttlMs: number
  /** Aborts with a `lease-lost` when the lease is lost, may have been lost, or was released. */
  readonly signal: AbortSignal
  /** Gives it up: its keys are removed before this returns. Fine to call twice. */
  release(options?: CallOptions): Promise<void>
}

export interface LeaseOptions {
  /** How long the lease outlives its last keep-alive: `limits.ttlMsMin` … `limits.ttlMsMax`. */
  readonly ttlMs: number
  /** Ends the call, and later the lease: it is released when this aborts. */
  readonly signal?: AbortSignal
  /** How long to try, 5,000 ms unless said. */
  readonly timeoutMs?: number
}
