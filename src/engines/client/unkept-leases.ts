import { DureError } from '../../foundation/errors.ts'
import { type LeaseId, leaseId } from '../../foundation/ids.ts'
import type { CallOptions } from '../../ports/key-value/key-value-store.ts'
import type { FencingToken, Lease } from '../../ports/key-value/lease.ts'
import { validateCallOptions, validateLeaseOptions } from '../../ports/key-value/validation.ts'
import type { Client } from './client.ts'
import type { ClientLeases } from './client-leases.ts'
import type { RunCall } from './run-call.ts'

/**
 * Leases whose holders are elsewhere and keep them alive themselves, by id: what HTTP's routes stand on.
 *
 * ```ts
 * const { id } = await store.unkeptLeases.grant(10_000)
 * await store.put(key, value, { lease: store.unkeptLeases.named(id) })
 * ```
 */
export class UnkeptLeases {
  readonly #client: Client
  readonly #run: RunCall
  readonly #leases: ClientLeases

  constructor(client: Client, run: RunCall, leases: ClientLeases) {
    this.#client = client
    this.#run = run
    this.#leases = leases
  }

  async grant(
    ttlMs: number,
    options: CallOptions = {},
  ): Promise<{ readonly id: string; readonly token: FencingToken }> {
    validateLeaseOptions({ ...options, ttlMs })
    const { id, token } = await this.#run<{ id: LeaseId; token: FencingToken }>(
      options,
      true,
      (timeoutMs, done) => this.#client.leases.grant(ttlMs, timeoutMs, done),
    )
    return { id: String(id), token }
  }

  /** Whether it is there and lives on. */
  keepAlive(id: string, options: CallOptions = {}): Promise<boolean> {
    validateCallOptions(options)
    const lease = parseLeaseId(id)
    return this.#run<boolean>(options, true, (timeoutMs, done) =>
      this.#client.leases.keep(lease, timeoutMs, done),
    )
  }

  /** Whether there was one. */
  release(id: string, options: CallOptions = {}): Promise<boolean> {
    validateCallOptions(options)
    const lease = parseLeaseId(id)
    return this.#run<boolean>(options, true, (timeoutMs, done) =>
      this.#client.leases.end(lease, timeoutMs, done),
    )
  }

  /** Good for puts of this store; nothing is known of it here. */
  named(id: string): Pick<Lease, 'id'> & Lease {
    const parsed = parseLeaseId(id)
    const lease = new NamedLease(parsed, () => this.release(id))
    this.#leases.add(lease, parsed)
    return lease
  }
}

/** Its time to live and token are those of its holder, not known here. */
class NamedLease implements Lease {
  readonly id: string
  readonly token: FencingToken
  readonly ttlMs = 0
  readonly signal = new AbortController().signal
  readonly #release: () => Promise<boolean>

  constructor(id: LeaseId, release: () => Promise<boolean>) {
    this.id = String(id)
    // The id of a lease is its fencing token.
    this.token = Number(id) as FencingToken
    this.#release = release
  }

  async release(): Promise<void> {
    await this.#release()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release()
  }
}

function parseLeaseId(id: string): LeaseId {
  const value = /^[1-9]\d{0,15}$/.test(id) ? Number(id) : Number.NaN
  if (Number.isSafeInteger(value)) return leaseId(value)
  throw new DureError(
    'invalid',
    `the lease is ${JSON.stringify(id)}: give the id that its grant answered with`,
  )
}
