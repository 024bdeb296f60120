import { DureError } from '../../foundation/errors.ts'
import type { LeaseId } from '../../foundation/ids.ts'
import type { CallOptions } from '../../ports/key-value/key-value-store.ts'
import type { FencingToken, Lease, LeaseOptions } from '../../ports/key-value/lease.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import type { Done } from './call.ts'
import type { Client } from './client.ts'
import { type GrantedLease, type KeptLease, leaseDoubtful } from './kept-lease.ts'

/** Makes a promise of a call with callbacks, under the options of the port. */
export type RunCall = <Value>(
  options: CallOptions,
  changes: boolean,
  start: (timeoutMs: number, done: Done<Value>) => void,
) => Promise<Value>

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
    const lease = new ClientLease(this.#runtime, this.#client, this.#run, await this.#grant(options))
    this.#held.add(lease)
    lease.signal.addEventListener('abort', () => this.#held.delete(lease), { once: true })
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

const RELEASE_TIMEOUT_MS = 5_000

class ClientLease implements Lease {
  readonly id: string
  readonly token: FencingToken
  readonly ttlMs: number
  readonly #runtime: Runtime
  readonly #client: Client
  readonly #run: RunCall
  readonly #kept: KeptLease
  readonly #controller = new AbortController()
  #released: Promise<void> | undefined

  constructor(runtime: Runtime, client: Client, run: RunCall, granted: GrantedLease) {
    this.id = String(granted.id)
    this.token = granted.token
    this.ttlMs = granted.ttlMs
    this.#runtime = runtime
    this.#client = client
    this.#run = run
    this.#kept = client.keeper.keep(granted, (reason) => this.#controller.abort(reason))
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  checkedId(): LeaseId {
    const { id, ttlMs, aliveUntilMs } = this.#kept
    // A process that was paused gets here before its timers do.
    if (!this.signal.aborted && this.#runtime.clock.monotonicMs() >= aliveUntilMs) {
      this.#client.keeper.drop(this.#kept)
      this.#controller.abort(leaseDoubtful(id, ttlMs))
    }
    if (this.signal.aborted) throw this.signal.reason
    return id
  }

  releaseWith(signal: AbortSignal | undefined): void {
    if (signal === undefined) return
    const release = (): void => void this.release().catch(() => undefined)
    if (signal.aborted) return release()
    signal.addEventListener('abort', release, { once: true })
    this.signal.addEventListener('abort', () => signal.removeEventListener('abort', release), { once: true })
  }

  release(options: CallOptions = {}): Promise<void> {
    if (this.#released !== undefined) return this.#released
    const releasing = this.#release(options)
    this.#released = releasing
    releasing.catch(() => {
      // The next call tries again.
      if (this.#released === releasing) this.#released = undefined
    })
    return releasing
  }

  giveUp(timeoutMs: number): void {
    this.#released = this.#release({ timeoutMs: Math.max(1, timeoutMs) }).catch(() => undefined)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release()
  }

  async #release({ timeoutMs = RELEASE_TIMEOUT_MS, signal }: CallOptions): Promise<void> {
    const { id } = this.#kept
    this.#client.keeper.drop(this.#kept)
    this.#controller.abort(new DureError('lease-lost', `the lease ${id} was released`))
    await this.#run<boolean>({ timeoutMs, ...(signal && { signal }) }, true, (leftMs, done) =>
      this.#client.leases.end(id, leftMs, done),
    )
  }
}
