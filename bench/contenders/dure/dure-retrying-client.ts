import { pause } from '../../../src/fixture/wait-for.ts'
import type { KeyValueStore } from '../../../src/ports/key-value/key-value-store.ts'
import type { RetryingClient } from '../contender.ts'

const CALL_TIMEOUT_MS = 2_000
const RETRY_DELAY_MS = 5

/** The remote client finds the leader and retries by itself; when a whole call ends with an error, the next begins. */
export class DureRetryingClient implements RetryingClient {
  readonly #store: KeyValueStore

  constructor(store: KeyValueStore) {
    this.#store = store
  }

  async put(key: Uint8Array, value: Uint8Array, timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs
    for (;;) {
      try {
        await this.#store.put(key, value, { timeoutMs: CALL_TIMEOUT_MS })
        return
      } catch (cause) {
        if (performance.now() > deadline)
          throw new Error(`no write was acknowledged in ${timeoutMs} ms`, { cause })
        await pause(RETRY_DELAY_MS)
      }
    }
  }

  close(): Promise<void> {
    return this.#store.close()
  }
}
