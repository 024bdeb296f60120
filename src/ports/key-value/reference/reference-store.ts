import { DureError } from '../../../foundation/errors.ts'
import type { Cursor } from '../cursor.ts'
import type { Guarantees } from '../guarantees.ts'
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
} from '../key-value-store.ts'
import type { Lease, LeaseOptions } from '../lease.ts'
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
} from '../validation.ts'
import type { Watch } from '../watch.ts'
import { ReferenceLease } from './reference-lease.ts'
import type { ReferenceModel } from './reference-model.ts'
import { ReferenceWatch } from './reference-watch.ts'

/**
 * The port over a `ReferenceModel`: every call takes effect at one moment, between its call and its return.
 *
 * ```ts
 * const model = new ReferenceModel()
 * const one = new ReferenceStore(model)
 * const other = new ReferenceStore(model)
 * ```
 */
export class ReferenceStore implements KeyValueStore {
  readonly guarantees: Guarantees = {
    engine: 'reference',
    read: 'strong',
    durability: 'memory',
    idempotentRetries: true,
    commit: 'partition',
    watch: true,
    leases: true,
  }
  readonly #model: ReferenceModel
  readonly #watches = new Set<ReferenceWatch>()
  /** Held now. */
  readonly #leases = new Set<ReferenceLease>()
  /** Granted to this store at any time. */
  readonly #own = new WeakSet<Lease>()
  #isClosed = false

  constructor(model: ReferenceModel) {
    this.#model = model
  }

  async get(key: Uint8Array, options?: ReadOptions): Promise<Stored> {
    validateKey(key)
    validateCallOptions(options)
    return this.#call(options, () => this.#model.get(key))
  }

  async put(key: Uint8Array, value: Uint8Array, options: PutOptions = {}): Promise<Written> {
    validateKey(key)
    validateValue(value)
    validatePutOptions(options, this.#isOwn)
    const { ttlMs, lease } = options
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

  async *range(range: KeyRange, options?: RangeOptions): AsyncGenerator<StoredRow, void, undefined> {
    validateRange(range, options)
    const rows = await this.#call(options, () => this.#model.rows(range))
    for (const row of rows.slice(0, options?.limit)) {
      this.#checkOpen(options)
      yield row
    }
  }

  async commit(transaction: Transaction, options?: CallOptions): Promise<CommitResult> {
    validateTransaction(transaction, this.#isOwn)
    validateCallOptions(options)
    return this.#commit(transaction, options)
  }

  watch(range: KeyRange, options: WatchOptions = {}): Watch {
    validateWatch(range, options)
    const watch = new ReferenceWatch(this.#model, range, options)
    if (this.#isClosed) watch.end(closed())
    this.#watches.add(watch)
    return watch
  }

  async cursor(options?: CallOptions): Promise<Cursor> {
    validateCallOptions(options)
    return this.#call(options, () => this.#model.cursor(this.#model.place()))
  }

  async lease(options: LeaseOptions): Promise<Lease> {
    validateLeaseOptions(options)
    const granted = await this.#call(options, () => this.#model.grant(options.ttlMs))
    const lease = new ReferenceLease(this.#model, granted, options.signal)
    this.#own.add(lease)
    this.#leases.add(lease)
    lease.signal.addEventListener('abort', () => this.#leases.delete(lease))
    return lease
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const watch of this.#watches) watch.end(closed())
    await Promise.all([...this.#leases].map((lease) => lease.release()))
  }

  /** Ends as a process that dies does: nothing is released, nothing is kept alive. */
  abandon(): void {
    this.#isClosed = true
    for (const lease of this.#leases) lease.abandon()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  readonly #isOwn = (lease: Lease): boolean => this.#own.has(lease)

  async #commitOne(operation: Transaction['operations'][number], options: WriteOptions | undefined) {
    const { ifVersion, idempotencyKey } = options ?? {}
    const transaction: Transaction = {
      comparisons: ifVersion === undefined ? [] : [{ key: operation.key, version: ifVersion }],
      operations: [operation],
      ...(idempotencyKey !== undefined && { idempotencyKey }),
    }
    const result = await this.#commit(transaction, options)
    if (result.committed) return result
    throw new DureError(
      'comparison-failed',
      `the key was expected at version ${ifVersion} and has version ${result.found[0]}: read it again and decide anew`,
    )
  }

  async #commit(transaction: Transaction, options: CallOptions | undefined): Promise<CommitResult> {
    for (const operation of transaction.operations) {
      const signal = operation.kind === 'put' ? operation.lease?.signal : undefined
      if (signal?.aborted) throw signal.reason
    }
    return this.#call(options, () => this.#model.commit(transaction))
  }

  /** Others get their turn before and after the moment of effect, as with a store that is far away. */
  async #call<Value>(options: CallOptions | undefined, effect: () => Value): Promise<Value> {
    this.#checkOpen(options)
    await undefined
    this.#checkOpen(options)
    const value = effect()
    await undefined
    return value
  }

  #checkOpen(options: CallOptions | undefined): void {
    if (this.#isClosed) throw closed()
    if (options?.signal?.aborted === true) {
      throw new DureError('aborted', 'the signal fired before this call took effect', {
        cause: options.signal.reason,
      })
    }
  }
}

const closed = (): DureError => new DureError('closed', 'the store was closed before this call took effect')
