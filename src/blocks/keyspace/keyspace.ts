import { prefixEnd, utf8 } from '../../foundation/bytes.ts'
import { DureError } from '../../foundation/errors.ts'
import type {
  CallOptions,
  Deleted,
  Expiry,
  KeyRange,
  KeyValueStore,
  PutOptions,
  RangeOptions,
  ReadOptions,
  Transaction,
  WriteOptions,
  Written,
} from '../../ports/key-value/key-value-store.ts'
import { requireGuarantee } from '../../ports/key-value/require-guarantee.ts'
import type { Version } from '../../ports/key-value/version.ts'
import type { Change } from '../../ports/key-value/watch.ts'
import { decodeKey, encodeKey } from './key-codec.ts'
import { type KeyspaceChange, KeyspaceWatch, type KeyspaceWatchOptions } from './keyspace-watch.ts'
import { jsonCodec, type ValueCodec } from './value-codec.ts'

export interface KeyspaceOptions<Value> {
  /** What reads give unless a call says otherwise. Refused when the engine cannot promise it. `strong` unless said. */
  readonly consistency?: 'strong' | 'eventual'
  /** How values become bytes: JSON unless said. */
  readonly codec?: ValueCodec<Value>
}

/** `exists: false` carries a version too, good for `ifVersion`: "must not exist". */
export type Entry<Value> =
  | { readonly exists: true; readonly value: Value; readonly version: Version }
  | { readonly exists: false; readonly value: undefined; readonly version: Version }

export interface ListedEntry<Value> {
  readonly key: string
  readonly value: Value
  readonly version: Version
}

export interface ListOptions extends RangeOptions {
  /** Keys that begin with this. */
  readonly prefix?: string
  /** The first key. Not together with `prefix`. */
  readonly from?: string
  /** Not included. Not together with `prefix`. */
  readonly to?: string
}

/**
 * A named set of typed values with string keys, and its own choice of consistency.
 *
 * ```ts
 * const accounts = dure.keyspace<Account>('accounts', { consistency: 'strong' })
 * const alice = await accounts.get('alice')
 * await accounts.put('alice', { ...alice.value, balance: 90 }, { ifVersion: alice.version })
 * ```
 *
 * Guarantees and errors are those of the key-value port. A stored value that the codec cannot read is `corrupt`.
 */
export class Keyspace<Value> {
  readonly name: string
  readonly #store: KeyValueStore
  readonly #codec: ValueCodec<Value>
  readonly #consistency: 'strong' | 'eventual'

  constructor(store: KeyValueStore, name: string, options: KeyspaceOptions<Value> = {}) {
    this.name = name
    this.#store = store
    this.#codec = options.codec ?? (jsonCodec() as ValueCodec<Value>)
    this.#consistency = options.consistency ?? 'strong'
    encodeKey(name, 'x') // Refuses a name that is none.
    requireGuarantee(store.guarantees, { read: this.#consistency })
  }

  async get(key: string, options: ReadOptions = {}): Promise<Entry<Value>> {
    const stored = await this.#store.get(this.#key(key), { consistency: this.#consistency, ...options })
    return stored.exists ? { ...stored, value: this.#decode(key, stored.value) } : stored
  }

  /** With `ttlMs` or a `lease` the entry goes by itself; without, it stays for good. */
  async put(key: string, value: Value, options?: PutOptions): Promise<Written> {
    return this.#store.put(this.#key(key), await this.#codec.encode(value), options)
  }

  async delete(key: string, options?: WriteOptions): Promise<Deleted> {
    return this.#store.delete(this.#key(key), options)
  }

  /** Entries in order of their keys (UTF-8 bytes), all of one snapshot. */
  async *list(options: ListOptions = {}): AsyncIterable<ListedEntry<Value>> {
    const { prefix, from, to, ...range } = options
    if (prefix !== undefined && (from !== undefined || to !== undefined)) {
      throw new DureError('invalid', 'asked to list by prefix and by from/to at once: choose one of them')
    }
    const bounds = this.#range(prefix, from, to)
    const rows = this.#store.range(bounds, { consistency: this.#consistency, ...range })
    for await (const row of rows) {
      const { key } = decodeKey(row.key)
      yield { key, value: this.#decode(key, row.value), version: row.version }
    }
  }

  /**
   * The changes of the keyspace, or of the keys with a prefix, after a cursor or from now on.
   *
   * ```ts
   * for await (const change of config.watch({ prefix: 'flags/', from: cursor, signal })) console.log(change.key)
   * ```
   *
   * Guarantee: as the port's `watch`: every change, in order, once.
   */
  watch(options: KeyspaceWatchOptions = {}): KeyspaceWatch<Value> {
    const { prefix, range, ...rest } = options
    if (prefix !== undefined && range !== undefined) {
      throw new DureError('invalid', 'asked to watch a prefix and a range at once: choose one of them')
    }
    const bounds = this.#range(prefix, range?.from, range?.to)
    return new KeyspaceWatch(this.#store.watch(bounds, rest), (change) => this.#typed(change))
  }

  /** Several changes as one: all or none. Guarantee: as the port's `commit`. */
  async commit(changes: KeyspaceTransaction<Value>, options?: CallOptions) {
    const transaction: Transaction = {
      comparisons: (changes.comparisons ?? []).map(({ key, version }) => ({ key: this.#key(key), version })),
      operations: await Promise.all(
        changes.operations.map(async (operation) =>
          operation.kind === 'put'
            ? {
                kind: 'put' as const,
                key: this.#key(operation.key),
                value: await this.#codec.encode(operation.value),
                ...(operation.ttlMs !== undefined && { ttlMs: operation.ttlMs }),
                ...(operation.lease !== undefined && { lease: operation.lease }),
              }
            : { kind: 'delete' as const, key: this.#key(operation.key) },
        ),
      ),
      ...(changes.idempotencyKey !== undefined && { idempotencyKey: changes.idempotencyKey }),
    }
    return this.#store.commit(transaction, options)
  }

  #key(key: string): Uint8Array {
    if (key === '')
      throw new DureError(
        'invalid',
        `keyspace ${this.name}: asked for an empty key: a key has 1 byte at least`,
      )
    return encodeKey(this.name, key)
  }

  /** A bound, which may be empty: the beginning of the keyspace. */
  #start(bound: string): Uint8Array {
    return utf8(`${this.name}\0${bound}`)
  }

  #range(prefix: string | undefined, from: string | undefined, to: string | undefined): KeyRange {
    const end = prefix === undefined && to !== undefined ? this.#start(to) : undefined
    return { from: this.#start(prefix ?? from ?? ''), to: end ?? prefixEnd(this.#start(prefix ?? '')) }
  }

  #typed(change: Change): KeyspaceChange<Value> {
    const { key } = decodeKey(change.key)
    return change.kind === 'put'
      ? { ...change, key, value: this.#decode(key, change.value) }
      : { ...change, key }
  }

  #decode(key: string, bytes: Uint8Array): Value {
    try {
      return this.#codec.decode(bytes)
    } catch (cause) {
      const message = `keyspace ${this.name}: the value of '${key}' is not what its codec writes: read it with the codec that wrote it`
      throw new DureError('corrupt', message, { cause })
    }
  }
}

export interface KeyspaceTransaction<Value> {
  readonly comparisons?: readonly { readonly key: string; readonly version: Version }[]
  readonly operations: readonly (
    | ({ readonly kind: 'put'; readonly key: string; readonly value: Value } & Expiry)
    | { readonly kind: 'delete'; readonly key: string }
  )[]
  readonly idempotencyKey?: string
}
