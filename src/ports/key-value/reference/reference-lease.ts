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
  /** When it was granted or renewed last. */
  #keptMs: number

  constructor(model: ReferenceModel, { id, token, ttlMs }: ModelLease, signal: AbortSignal | undefined) {
    this.#model = model
    this.id = id
    this.token = token
    this.ttlMs = ttlMs
    this.signal = this.#controller.signal
    this.#keptMs = model.clock.nowMs()
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

  /** Its holder reaches nobody any more: it hears of no renewal, and takes it for lost when it may be. */
  abandon(): void {
    this.#timer?.cancel()
    const { clock } = this.#model
    const leftMs = this.#keptMs + this.ttlMs - clock.nowMs()
    this.#timer = clock.timer(leftMs, () => this.#lost('nothing got through'))
  }

  #keepLater(): void {
    this.#timer = this.#model.clock.timer(this.ttlMs / 3, () => {
      if (!this.#model.keep(this.id)) return this.#lost('it expired')
      this.#keptMs = this.#model.clock.nowMs()
      this.#keepLater()
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
