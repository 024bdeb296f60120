import { DureError } from '../../../foundation/errors.ts'
import type { CallOptions } from '../../../ports/key-value/key-value-store.ts'
import type { FencingToken, Lease } from '../../../ports/key-value/lease.ts'
import { hexOf } from './lease-grants.ts'

/** A lease of etcd, kept alive until it is released or lost. */
export class EtcdLease implements Lease {
  /** Whose it is: of one store. */
  readonly owner: unknown
  readonly id: string
  readonly etcdId: number
  readonly token: FencingToken
  readonly ttlMs: number
  readonly #controller = new AbortController()
  readonly #check: () => void
  readonly #revoke: (options: CallOptions | undefined) => Promise<void>
  #release: Promise<void> | undefined

  constructor(parts: {
    readonly owner: unknown
    readonly etcdId: number
    readonly token: FencingToken
    readonly ttlMs: number
    /** Calls `lose` if its time is over. */
    readonly check: () => void
    readonly revoke: (options: CallOptions | undefined) => Promise<void>
  }) {
    this.owner = parts.owner
    this.id = hexOf(parts.etcdId)
    this.etcdId = parts.etcdId
    this.token = parts.token
    this.ttlMs = parts.ttlMs
    this.#check = parts.check
    this.#revoke = parts.revoke
  }

  /** True to the clock whenever it is asked for, also right after a pause that held up the timers. */
  get signal(): AbortSignal {
    if (!this.#controller.signal.aborted) this.#check()
    return this.#controller.signal
  }

  /** Tells the holder; later ones say nothing. */
  lose(reason: string): void {
    if (this.#controller.signal.aborted) return
    this.#controller.abort(new DureError('lease-lost', `the lease ${this.id} is lost: ${reason}`))
  }

  release(options?: CallOptions): Promise<void> {
    // The holder stops before its keys go.
    this.lose('it was released')
    this.#release ??= this.#revoke(options).catch((error: unknown) => {
      // Not known to be gone: another call tries again.
      this.#release = undefined
      throw error
    })
    return this.#release
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release()
  }
}
