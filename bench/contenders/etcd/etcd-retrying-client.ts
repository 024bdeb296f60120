import { pause } from '../../../src/fixture/wait-for.ts'
import type { RetryingClient } from '../contender.ts'
import { GrpcChannel } from './grpc-channel.ts'
import { decodePutRevision, encodePut } from './protobuf.ts'

/** A member may hold a write for seconds that it forwarded to a leader who is dead: do not wait for it. */
const ATTEMPT_TIMEOUT_MS = 300
const RETRY_DELAY_MS = 5

/** Asks one member after the other until one acknowledges. */
export class EtcdRetryingClient implements RetryingClient {
  readonly #addresses: readonly string[]
  #channel: GrpcChannel
  #current = 0

  constructor(addresses: readonly string[]) {
    this.#addresses = addresses
    this.#channel = new GrpcChannel(addresses[0]!, 1)
  }

  async put(key: Uint8Array, value: Uint8Array, timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs
    const message = encodePut(key, value)
    for (;;) {
      const timer = setTimeout(() => this.#channel.close(), ATTEMPT_TIMEOUT_MS)
      try {
        decodePutRevision(await this.#channel.call('/etcdserverpb.KV/Put', message))
        return
      } catch (cause) {
        if (performance.now() > deadline)
          throw new Error(`no write was acknowledged in ${timeoutMs} ms`, { cause })
        this.#next()
        await pause(RETRY_DELAY_MS)
      } finally {
        clearTimeout(timer)
      }
    }
  }

  async close(): Promise<void> {
    this.#channel.close()
  }

  #next(): void {
    this.#channel.close()
    this.#current = (this.#current + 1) % this.#addresses.length
    this.#channel = new GrpcChannel(this.#addresses[this.#current]!, 1)
  }
}
