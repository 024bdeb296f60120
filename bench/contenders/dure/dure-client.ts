import type { KeyValueStore } from '../../../src/ports/key-value/key-value-store.ts'
import type { ContenderClient, Target } from '../contender.ts'

/** The client that applications use, nothing else. */
export async function connectDure(target: Target): Promise<ContenderClient> {
  return new DureClient(await connectStore(target.addresses))
}

/** The remote client behind its port. */
export async function connectStore(addresses: readonly string[]): Promise<KeyValueStore> {
  const { connectRemote } = await loadRemote()
  return connectRemote({ addresses: [...addresses] })
}

interface RemoteModule {
  connectRemote(options: { addresses: string[] }): Promise<KeyValueStore>
}

async function loadRemote(): Promise<RemoteModule> {
  return import(new URL('../../../src/engines/remote/remote.ts', import.meta.url).href)
}

class DureClient implements ContenderClient {
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
