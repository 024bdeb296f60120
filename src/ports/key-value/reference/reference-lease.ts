import { DureError } from '../../../foundation/errors.ts'
import type { FencingToken, Lease } from '../lease.ts'
import type { ModelLease, ReferenceModel } from './reference-model.ts'

/** A holder of a lease of the model: renews it three times in each of its times to live. */
export class ReferenceLease implements Lease {
  readonly id: string
  readonly token: FencingToken
  readonly ttlMs: number
  readonly signal: AbortSignal
  readonly #model: ReferenceModel
  readonly #controller = new AbortController()
  #timer: { cancel(): void } | undefined

  constructor(model: ReferenceModel, { id, token, ttlMs }: ModelLease, signal: AbortSignal | undefined) {
    this.#model = model
    this.id = id
    this.token = token
    this.ttlMs = ttlMs
    this.signal = this.#controller.signal
    const release = () => this.#release('the signal of the lease fired')
    signal?.addEventListener('abort', release, { once: true })
    this.signal.addEventListener('abort', () => signal?.removeEventListener('abort', release))
    if (signal?.aborted) release()
    else this.#keepLater()
  }

  async release(): Promise<void> {
    await undefined
    this.#release('it was released')
    await undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release()
  }

  /** Its holder is no more: nobody renews it. */
  abandon(): void {
    this.#timer?.cancel()
  }

  #keepLater(): void {
    this.#timer = this.#model.clock.timer(this.ttlMs / 3, () => {
      if (this.#model.keep(this.id)) this.#keepLater()
      else this.#lost('it expired')
    })
  }

  #release(why: string): void {
    if (this.signal.aborted) return
    this.#model.end(this.id)
    this.#lost(why)
  }

  #lost(why: string): void {
    this.#timer?.cancel()
    this.#controller.abort(new DureError('lease-lost', `the lease ${this.id} is over: ${why}`))
  }
}
