import { Keyspace, type KeyspaceOptions } from './blocks/keyspace/keyspace.ts'
import type { Cursor } from './ports/key-value/cursor.ts'
import type { CallOptions, KeyValueStore } from './ports/key-value/key-value-store.ts'
import type { Lease, LeaseOptions } from './ports/key-value/lease.ts'

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

  /**
   * Takes a lease and keeps it alive: what is put with it, in any keyspace, is gone when its holder is.
   *
   * ```ts
   * await using lease = await dure.lease({ ttlMs: 10_000 })
   * await sessions.put(id, user, { lease })
   * ```
   *
   * Guarantees: see `Lease`.
   */
  lease(options: LeaseOptions): Promise<Lease> {
    return this.store.lease(options)
  }

  /** The place of now: a watch of any keyspace from here sees every change that is committed after this call. */
  cursor(options?: CallOptions): Promise<Cursor> {
    return this.store.cursor(options)
  }

  /** Leases are given up; calls in progress are given `timeoutMs` (2,000) to end. */
  close(options?: { readonly timeoutMs?: number }): Promise<void> {
    return this.store.close(options)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
