import { DureError } from '../../../foundation/errors.ts'
import type { Guarantees } from '../guarantees.ts'
import type {
  CallOptions,
  CommitResult,
  Deleted,
  KeyRange,
  KeyValueStore,
  RangeOptions,
  ReadOptions,
  Stored,
  StoredRow,
  Transaction,
  WriteOptions,
  Written,
} from '../key-value-store.ts'
import {
  validateCallOptions,
  validateKey,
  validateRange,
  validateTransaction,
  validateValue,
  validateWriteOptions,
} from '../validation.ts'
import type { ReferenceModel } from './reference-model.ts'

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
  }
  readonly #model: ReferenceModel
  #isClosed = false

  constructor(model: ReferenceModel) {
    this.#model = model
  }

  async get(key: Uint8Array, options?: ReadOptions): Promise<Stored> {
    validateKey(key)
    validateCallOptions(options)
    return this.#call(options, () => this.#model.get(key))
  }

  async put(key: Uint8Array, value: Uint8Array, options?: WriteOptions): Promise<Written> {
    validateKey(key)
    validateValue(value)
    validateWriteOptions(options)
    const { version } = await this.#commitOne({ kind: 'put', key, value }, options)
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
    const rows = await this.#call(options, () => this.#model.rows(range.from, range.to))
    for (const row of rows.slice(0, options?.limit)) {
      this.#checkOpen(options)
      yield row
    }
  }

  async commit(transaction: Transaction, options?: CallOptions): Promise<CommitResult> {
    validateTransaction(transaction)
    validateCallOptions(options)
    return this.#call(options, () => this.#model.commit(transaction))
  }

  async close(): Promise<void> {
    this.#isClosed = true
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #commitOne(operation: Transaction['operations'][number], options: WriteOptions | undefined) {
    const { ifVersion, idempotencyKey } = options ?? {}
    const transaction: Transaction = {
      comparisons: ifVersion === undefined ? [] : [{ key: operation.key, version: ifVersion }],
      operations: [operation],
      ...(idempotencyKey !== undefined && { idempotencyKey }),
    }
    const result = await this.#call(options, () => this.#model.commit(transaction))
    if (result.committed) return result
    throw new DureError(
      'comparison-failed',
      `the key was expected at version ${ifVersion} and has version ${result.found[0]}: read it again and decide anew`,
    )
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
    if (this.#isClosed) throw new DureError('closed', 'the store was closed before this call took effect')
    if (options?.signal?.aborted === true) {
      throw new DureError('aborted', 'the signal fired before this call took effect', {
        cause: options.signal.reason,
      })
    }
  }
}
