import { connectRemote } from '../../../src/engines/remote/connect-remote.ts'
import type { KeyValueStore } from '../../../src/ports/key-value/key-value-store.ts'
import type { ContenderClient, Target } from '../contender.ts'

/** Connects by the client that applications use, nothing leaner. */
export async function connectDure(target: Target): Promise<DureClient> {
  return new DureClient(await connectRemote({ addresses: target.addresses }))
}

export class DureClient implements ContenderClient {
  readonly #store: KeyValueStore

  constructor(store: KeyValueStore) {
    this.#store = store
  }

  put(key: Uint8Array, value: Uint8Array): Promise<unknown> {
    return this.#store.put(key, value)
  }

  async get(key: Uint8Array): Promise<boolean> {
    return (await this.#store.get(key)).exists
  }

  close(): Promise<void> {
    return this.#store.close()
  }
}
