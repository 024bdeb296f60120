import type { LeaseId } from '../../foundation/ids.ts'
import type { Lease, LeaseOptions } from '../../ports/key-value/lease.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import type { Client } from './client.ts'
import { ClientLease } from './client-lease.ts'
import type { GrantedLease } from './kept-lease.ts'
import type { RunCall } from './run-call.ts'

/** The leases of one store. */
export class ClientLeases {
  readonly #runtime: Runtime
  readonly #client: Client
  readonly #run: RunCall
  readonly #own = new WeakMap<Lease, () => LeaseId>()
  readonly #held = new Set<ClientLease>()

  constructor(runtime: Runtime, client: Client, run: RunCall) {
    this.#runtime = runtime
    this.#client = client
    this.#run = run
  }

  async take(options: LeaseOptions): Promise<Lease> {
    const granted = await this.#grant(options)
    const lease = new ClientLease(this.#runtime, this.#client, this.#run, granted, () =>
      this.#held.delete(lease),
    )
    this.#held.add(lease)
    lease.releaseWith(options.signal)
    this.#own.set(lease, () => lease.checkedId())
    return lease
  }

  readonly isOwn = (lease: Lease): boolean => this.#own.has(lease)

  /** For the command of a put. Throws `lease-lost` when it is known to be over: nothing needs to be sent. */
  idOf(lease: Lease): LeaseId {
    return this.#own.get(lease)!()
  }

  /** A lease that somebody else keeps alive, to be named in puts of this store. */
  add(lease: Lease, id: LeaseId): void {
    this.#own.set(lease, () => id)
  }

  /** Best effort, for the end of the store: what cannot be released runs out by itself. */
  giveUp(timeoutMs: number): void {
    for (const lease of [...this.#held]) lease.giveUp(timeoutMs)
  }

  async #grant({ ttlMs, ...options }: LeaseOptions): Promise<GrantedLease> {
    let isWanted = true
    try {
      return await this.#run<GrantedLease>(options, true, (timeoutMs, done) =>
        this.#client.leases.grant(ttlMs, timeoutMs, (error, granted) => {
          // Granted to a caller who has gone: it would only lie there until it runs out.
          if (!isWanted && granted !== undefined) this.#client.leases.end(granted.id, timeoutMs, () => {})
          done(error, granted)
        }),
      )
    } catch (error) {
      isWanted = false
      throw error
    }
  }
}
