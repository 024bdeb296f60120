import { DureError } from '../../foundation/errors.ts'
import type { Cursor } from '../../ports/key-value/cursor.ts'
import type { Guarantees } from '../../ports/key-value/guarantees.ts'
import type {
  CallOptions,
  CommitResult,
  Deleted,
  KeyRange,
  KeyValueStore,
  PutOptions,
  RangeOptions,
  ReadOptions,
  Stored,
  StoredRow,
  Transaction,
  WatchOptions,
  WriteOptions,
  Written,
} from '../../ports/key-value/key-value-store.ts'
import type { Lease, LeaseOptions } from '../../ports/key-value/lease.ts'
import {
  validateCallOptions,
  validateKey,
  validateLeaseOptions,
  validatePutOptions,
  validateRange,
  validateTransaction,
  validateValue,
  validateWatch,
  validateWriteOptions,
} from '../../ports/key-value/validation.ts'
import { absent, versionFromNumber } from '../../ports/key-value/version.ts'
import type { Watch } from '../../ports/key-value/watch.ts'
import { Call, Calls } from './call.ts'
import { Connections } from './connection/connections.ts'
import { Keys } from './keys.ts'
import { LeaseKeeper } from './lease/lease-keeper.ts'
import { Leases } from './lease/leases.ts'
import { TtlLeases } from './lease/ttl-leases.ts'
import type { EtcdOptions } from './options.ts'
import { readRange } from './range.ts'
import { Rpc } from './rpc.ts'
import { cursorOf } from './watch/place.ts'
import { WatchSource } from './watch/watch-source.ts'
import { decodeRange, encodeRange } from './wire/key-value-messages.ts'
import { Slots } from './write/slots.ts'
import { Writes } from './write/writes.ts'

const CLOSE_TIMEOUT_MS = 2_000
/** Leases and slots are given back within this; they expire by themselves as well. */
const CLEAN_UP_TIMEOUT_MS = 1_000

/** What etcd gives with its defaults; docs/engines/etcd.md says where its settings and versions take from it. */
export const etcdGuarantees: Guarantees = {
  engine: 'etcd',
  read: 'strong',
  durability: 'majority-synced',
  idempotentRetries: true,
  commit: 'partition',
  watch: true,
  leases: true,
}

/** The key-value port on a cluster of etcd. */
export class EtcdStore implements KeyValueStore {
  readonly guarantees: Guarantees = etcdGuarantees
  readonly #calls = new Calls()
  readonly #keys: Keys
  readonly #connections: Connections
  readonly #rpc: Rpc
  readonly #keeper: LeaseKeeper
  readonly #slots: Slots
  readonly #writes: Writes
  readonly #leases: Leases
  readonly #watches: WatchSource
  #closing: Promise<void> | undefined

  constructor(options: EtcdOptions) {
    this.#keys = new Keys(options.keyPrefix ?? '')
    this.#connections = new Connections(options, this.#keys)
    this.#rpc = new Rpc(this.#connections)
    this.#keeper = new LeaseKeeper(this.#connections)
    this.#slots = new Slots(this.#rpc, this.#keys, this.#keeper)
    this.#writes = new Writes(this.#rpc, this.#keys, this.#slots, new TtlLeases(this.#rpc, this.#keeper))
    this.#leases = new Leases(this.#rpc, this.#calls, this.#keys, this.#keeper)
    this.#watches = new WatchSource(this.#rpc, this.#keys)
  }

  async get(key: Uint8Array, options?: ReadOptions): Promise<Stored> {
    validateKey(key)
    validateCallOptions(options)
    const message = encodeRange({
      key: this.#keys.outer(key),
      serializable: options?.consistency === 'eventual',
    })
    return this.#calls.run(options, async (call) => {
      const { header, pairs } = decodeRange(await this.#rpc.request(call, '/etcdserverpb.KV/Range', message))
      this.#connections.note(header)
      const [pair] = pairs
      if (pair === undefined) return { exists: false, value: undefined, version: absent }
      return { exists: true, value: new Uint8Array(pair.value), version: versionFromNumber(pair.modRevision) }
    })
  }

  async put(key: Uint8Array, value: Uint8Array, options?: PutOptions): Promise<Written> {
    validateKey(key)
    validateValue(value)
    validatePutOptions(options, this.#leases.isOwn)
    const { ttlMs, lease } = options ?? {}
    const expiry = { ...(ttlMs !== undefined && { ttlMs }), ...(lease !== undefined && { lease }) }
    const { version } = await this.#commitOne({ kind: 'put', key, value, ...expiry }, options)
    return { version }
  }

  async delete(key: Uint8Array, options?: WriteOptions): Promise<Deleted> {
    validateKey(key)
    validateWriteOptions(options)
    const { existed } = await this.#commitOne({ kind: 'delete', key }, options)
    return { existed: existed[0]! }
  }

  range(range: KeyRange, options?: RangeOptions): AsyncIterable<StoredRow> {
    return this.#range(range, options)
  }

  async commit(transaction: Transaction, options?: CallOptions): Promise<CommitResult> {
    validateTransaction(transaction, this.#leases.isOwn)
    validateCallOptions(options)
    return this.#calls.run(options, (call) => this.#writes.commit(call, transaction, true))
  }

  watch(range: KeyRange, options?: WatchOptions): Watch {
    validateWatch(range, options)
    if (this.#calls.isClosed) throw new DureError('closed', 'the store was closed before this call')
    return this.#watches.watch(range, options)
  }

  async cursor(options?: CallOptions): Promise<Cursor> {
    validateCallOptions(options)
    return this.#calls.run(options, async (call) => cursorOf(await this.#watches.now(call)))
  }

  async lease(options: LeaseOptions): Promise<Lease> {
    validateLeaseOptions(options)
    return this.#leases.grant(options)
  }

  close(options?: { readonly timeoutMs?: number }): Promise<void> {
    this.#closing ??= this.#close(options?.timeoutMs ?? CLOSE_TIMEOUT_MS)
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** Written as its own function so that the arguments are checked when the first row is asked for, as all do. */
  async *#range(
    range: KeyRange,
    options: RangeOptions | undefined,
  ): AsyncGenerator<StoredRow, void, undefined> {
    validateRange(range, options)
    yield* readRange(this.#rpc, this.#calls, this.#keys, range, options)
  }

  async #commitOne(
    operation: Transaction['operations'][number],
    options: WriteOptions | undefined,
  ): Promise<CommitResult & { readonly committed: true }> {
    const { ifVersion, idempotencyKey } = options ?? {}
    const transaction: Transaction = {
      comparisons: ifVersion === undefined ? [] : [{ key: operation.key, version: ifVersion }],
      operations: [operation],
      ...(idempotencyKey !== undefined && { idempotencyKey }),
    }
    const result = await this.#calls.run(options, (call) => this.#writes.commit(call, transaction, false))
    if (result.committed) return result
    throw new DureError(
      'comparison-failed',
      `the key was expected at version ${ifVersion} and has version ${result.found[0]}: read it again and decide anew`,
    )
  }

  async #close(timeoutMs: number): Promise<void> {
    const watches = this.#watches.close()
    await this.#calls.close(timeoutMs)
    await watches
    const { inUse } = this.#connections
    if (inUse !== undefined) {
      await Promise.allSettled([
        this.#leases.close(CLEAN_UP_TIMEOUT_MS),
        this.#slots.close(new Call(CLEAN_UP_TIMEOUT_MS)),
      ])
    } else {
      await this.#leases.close(undefined)
    }
    this.#keeper.close()
    this.#connections.close()
  }
}
