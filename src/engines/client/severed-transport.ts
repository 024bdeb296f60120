import type { Runtime } from '../../runtime/runtime.ts'
import type { Request, Response } from '../../wire/parcel/parcel.ts'
import { errorResponse } from './error-response.ts'
import type { OpenWatch, Transport } from './transport.ts'

/** In place of a transport: nothing gets through any more, either way. */
export class SeveredTransport implements Transport {
  readonly #runtime: Runtime
  readonly #severed: Transport

  constructor(runtime: Runtime, severed: Transport) {
    this.#runtime = runtime
    this.#severed = severed
  }

  request(_: Request, timeoutMs: number, done: (response: Response) => void): void {
    this.#runtime.timer(timeoutMs, () =>
      done(errorResponse('timeout', 'this client was cut off', { outcome: 'unknown', retryable: true })),
    )
  }

  watch(): OpenWatch {
    return { allow: () => {}, end: () => {} }
  }

  close(): void {
    this.#severed.close()
  }
}
