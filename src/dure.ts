import { Keyspace, type KeyspaceOptions } from './blocks/keyspace/keyspace.ts'
import type { KeyValueStore } from './ports/key-value/key-value-store.ts'

/**
 * What `open` gives: keyspaces, and later every other block, on one engine.
 *
 * ```ts
 * await using dure = await open({ directory: './data' })
 * const cities = dure.keyspace<City>('cities')
 * ```
 */
export class Dure implements AsyncDisposable {
  /** The port that the keyspaces stand on, with bytes for keys and values. */
  readonly store: KeyValueStore

  constructor(store: KeyValueStore) {
    this.store = store
  }

  /**
   * A named set of typed values. Opening it creates nothing; a name is 1 … 63 of a-z, 0-9 and '-', beginning with a
   * letter. Throws `unsupported` when the engine cannot give the consistency that is asked.
   */
  keyspace<Value = unknown>(name: string, options?: KeyspaceOptions<Value>): Keyspace<Value> {
    return new Keyspace<Value>(this.store, name, options)
  }

  /** Calls in progress are given `timeoutMs` (2,000) to end. */
  close(options?: { readonly timeoutMs?: number }): Promise<void> {
    return this.store.close(options)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
