import { DureError } from '../../foundation/errors.ts'
import type { LeaseId } from '../../foundation/ids.ts'
import type { CallOptions } from '../../ports/key-value/key-value-store.ts'
import type { FencingToken, Lease } from '../../ports/key-value/lease.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import type { Client } from './client.ts'
import { type GrantedLease, type KeptLease, leaseDoubtful } from './kept-lease.ts'
import type { RunCall } from './run-call.ts'

const RELEASE_TIMEOUT_MS = 5_000

/** The port's promises around a lease that the client's keeper keeps alive. */
export class ClientLease implements Lease {
  readonly id: string
  readonly token: FencingToken
  readonly ttlMs: number
  readonly #runtime: Runtime
  readonly #client: Client
  readonly #run: RunCall
  readonly #kept: KeptLease
  readonly #onOver: () => void
  /** Made when somebody asks for the signal: a program may hold many leases. */
  #controller: AbortController | undefined
  /** Why it is over. */
  #reason: DureError | undefined
  #released: Promise<void> | undefined
  #stopListening: () => void = () => {}

  constructor(runtime: Runtime, client: Client, run: RunCall, granted: GrantedLease, onOver: () => void) {
    this.id = String(granted.id)
    this.token = granted.token
    this.ttlMs = granted.ttlMs
    this.#runtime = runtime
    this.#client = client
    this.#run = run
    this.#onOver = onOver
    this.#kept = client.keeper.keep(granted, (reason) => this.#over(reason))
  }

  get signal(): AbortSignal {
    this.#lookAtClock()
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#reason !== undefined) this.#controller.abort(this.#reason)
    }
    return this.#controller.signal
  }

  /** For the command of a put. Throws `lease-lost` when it is known to be over. */
  checkedId(): LeaseId {
    this.#lookAtClock()
    if (this.#reason !== undefined) throw this.#reason
    return this.#kept.id
  }

  /** Releases it when this signal fires. */
  releaseWith(signal: AbortSignal | undefined): void {
    if (signal === undefined) return
    const release = (): void => void this.release().catch(() => undefined)
    if (signal.aborted) return release()
    signal.addEventListener('abort', release, { once: true })
    this.#stopListening = () => signal.removeEventListener('abort', release)
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

  /** Best effort, for the end of the store: what cannot be released runs out by itself. */
  giveUp(timeoutMs: number): void {
    this.#released = this.#release({ timeoutMs: Math.max(1, timeoutMs) }).catch(() => undefined)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release()
  }

  async #release({ timeoutMs = RELEASE_TIMEOUT_MS, signal }: CallOptions): Promise<void> {
    const { id } = this.#kept
    this.#over(new DureError('lease-lost', `the lease ${id} was released`))
    await this.#run<boolean>({ timeoutMs, ...(signal && { signal }) }, true, (leftMs, done) =>
      this.#client.leases.end(id, leftMs, done),
    )
  }

  /** A process that was paused gets to its code before it gets to its timers. */
  #lookAtClock(): void {
    const { id, ttlMs, aliveUntilMs } = this.#kept
    if (this.#reason === undefined && this.#runtime.clock.monotonicMs() >= aliveUntilMs) {
      this.#over(leaseDoubtful(id, ttlMs))
    }
  }

  #over(reason: DureError): void {
    if (this.#reason !== undefined) return
    this.#reason = reason
    this.#client.keeper.drop(this.#kept)
    this.#stopListening()
    this.#onOver()
    this.#controller?.abort(reason)
  }
}
