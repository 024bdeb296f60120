import { DureError } from '../../../foundation/errors.ts'
import type { Cursor } from '../../../ports/key-value/cursor.ts'
import type {
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
} from '../../../ports/key-value/key-value-store.ts'
import type { Lease, LeaseOptions } from '../../../ports/key-value/lease.ts'
import type { Watch } from '../../../ports/key-value/watch.ts'
import type { Runtime } from '../../../runtime/runtime.ts'
import { collect } from './collect.ts'

/** Of a call each way. */
const DELAY_MS_MAX = 10
/** Of calls whose answer never comes; half of them happen, some of those late. */
const LOST_RATE = 0.02

/**
 * A store behind a network: every call takes time, some are never answered. What stands behind it may be as close and as
 * perfect as the reference model, and clients see what they see of a cluster.
 */
export class DistantStore implements KeyValueStore {
  readonly #store: KeyValueStore
  readonly #runtime: Runtime

  constructor(store: KeyValueStore, runtime: Runtime) {
    this.#store = store
    this.#runtime = runtime
  }

  get guarantees(): KeyValueStore['guarantees'] {
    return this.#store.guarantees
  }

  get(key: Uint8Array, options: ReadOptions = {}): Promise<Stored> {
    return this.#call(options.timeoutMs, () => this.#store.get(key, options))
  }

  put(key: Uint8Array, value: Uint8Array, options: PutOptions = {}): Promise<Written> {
    return this.#call(options.timeoutMs, () => this.#store.put(key, value, options))
  }

  delete(key: Uint8Array, options: WriteOptions = {}): Promise<Deleted> {
    return this.#call(options.timeoutMs, () => this.#store.delete(key, options))
  }

  commit(transaction: Transaction, options: { readonly timeoutMs?: number } = {}): Promise<CommitResult> {
    return this.#call(options.timeoutMs, () => this.#store.commit(transaction, options))
  }

  async *range(range: KeyRange, options: RangeOptions = {}): AsyncIterable<StoredRow> {
    yield* await this.#call(options.timeoutMs, () => collect(this.#store.range(range, options)))
  }

  watch(range: KeyRange, options?: WatchOptions): Watch {
    return this.#store.watch(range, options)
  }

  cursor(options: { readonly timeoutMs?: number } = {}): Promise<Cursor> {
    return this.#call(options.timeoutMs, () => this.#store.cursor(options))
  }

  lease(options: LeaseOptions): Promise<Lease> {
    return this.#call(options.timeoutMs, () => this.#store.lease(options))
  }

  close(): Promise<void> {
    return this.#store.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #call<Value>(timeoutMs = 5_000, call: () => Promise<Value>): Promise<Value> {
    const { random } = this.#runtime
    if (random.next() < LOST_RATE) {
      const happens = random.next()
      // After the caller has given up, now and then.
      const afterMs = happens < 0.1 ? timeoutMs + random.next() * timeoutMs : random.next() * DELAY_MS_MAX
      if (happens < 0.5) this.#runtime.timer(afterMs, () => void call().catch(() => {}))
      await this.#delay(timeoutMs)
      throw new DureError('timeout', 'no answer came', { outcome: 'unknown' })
    }
    await this.#delay(random.next() * DELAY_MS_MAX)
    try {
      return await call()
    } finally {
      await this.#delay(random.next() * DELAY_MS_MAX)
    }
  }

  #delay(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#runtime.timer(delayMs, resolve)
    })
  }
}
