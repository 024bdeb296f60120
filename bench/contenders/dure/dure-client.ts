import type { ClientStore } from '../../../src/engines/client/client-store.ts'
import { connectRemote } from '../../../src/engines/remote/connect-remote.ts'
import { prefixRange } from '../../../src/ports/key-value/prefix-range.ts'
import type { Watch } from '../../../src/ports/key-value/watch.ts'
import type { ContenderClient, LeaseHandle, Target } from '../contender.ts'

/** Connects by the client that applications use, nothing leaner. */
export async function connectDure(target: Target): Promise<DureClient> {
  return new DureClient(await connectRemote({ addresses: target.addresses }))
}

export class DureClient implements ContenderClient {
  readonly #store: ClientStore

  constructor(store: ClientStore) {
    this.#store = store
  }

  put(key: Uint8Array, value: Uint8Array): Promise<unknown> {
    return this.#store.put(key, value)
  }

  async get(key: Uint8Array): Promise<boolean> {
    return (await this.#store.get(key)).exists
  }

  async watch(prefix: Uint8Array, watchers: number, changed: (value: Uint8Array) => void): Promise<void> {
    const watches = Array.from({ length: watchers }, () => this.#store.watch(prefixRange(prefix)))
    for (const watch of watches) void this.#follow(watch, changed)
    await Promise.all(watches.map(({ ready }) => ready))
  }

  async grantLease(ttlMs: number): Promise<LeaseHandle> {
    return (await this.#store.unkeptLeases.grant(ttlMs)).id
  }

  async keepAlive(lease: LeaseHandle): Promise<void> {
    const isThere = await this.#store.unkeptLeases.keepAlive(lease as string)
    if (!isThere) throw new Error(`dure has no lease ${lease}`)
  }

  /** A watch that ends early shows as changes that never come. */
  async #follow(watch: Watch, changed: (value: Uint8Array) => void): Promise<void> {
    for await (const change of watch) if (change.kind === 'put') changed(change.value)
  }

  close(): Promise<void> {
    return this.#store.close()
  }
}
