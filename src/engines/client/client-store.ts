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
  validateRange,
  validateTransaction,
  validateWatch,
  validateWriteOptions,
} from '../../ports/key-value/validation.ts'
import type { Watch } from '../../ports/key-value/watch.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import type { CommandOperation } from '../../wire/command/command.ts'
import type { ChangePlace } from '../../wire/parcel/parcel.ts'
import type { Done } from './call.ts'
import type { Client, ClientTransaction, Page } from './client.ts'
import { ClientLeases } from './client-leases.ts'
import { ClientWatch } from './client-watch.ts'
import { cursorOf, placeOf } from './cursor-text.ts'
import type { RunCall } from './run-call.ts'
import { UnkeptLeases } from './unkept-leases.ts'

const CALL_TIMEOUT_MS = 5_000
const CLOSE_TIMEOUT_MS = 2_000
const PAGE_ROWS = 1_000

/** The key-value port on a `Client`: promises, signals and pages around its callbacks. */
export class ClientStore implements KeyValueStore {
  readonly guarantees: Guarantees
  readonly unkeptLeases: UnkeptLeases
  readonly #leases: ClientLeases
  readonly #runtime: Runtime
  readonly #client: Client
  readonly #onClose: () => Promise<void>
  /** Ends the calls that are open when the store is closed. */
  readonly #open = new Set<(error: DureError) => void>()
  readonly #watches = new Set<ClientWatch>()
  #closing: Promise<void> | undefined

  constructor(
    runtime: Runtime,
    client: Client,
    guarantees: Guarantees,
    onClose: () => Promise<void> = async () => {},
  ) {
    this.#runtime = runtime
    this.#client = client
    this.guarantees = guarantees
    this.#onClose = onClose
    const run: RunCall = (...call) => this.#call(...call)
    this.#leases = new ClientLeases(runtime, client, run)
    this.unkeptLeases = new UnkeptLeases(client, run, this.#leases)
  }

  async get(key: Uint8Array, options: ReadOptions = {}): Promise<Stored> {
    validateKey(key)
    validateCallOptions(options)
    const stored = await this.#call<Stored>(options, false, (timeoutMs, done) =>
      this.#client.get(key, options.consistency ?? 'strong', timeoutMs, done),
    )
    return stored.exists ? { ...stored, value: owned(stored.value) } : stored
  }

  async put(key: Uint8Array, value: Uint8Array, options: PutOptions = {}): Promise<Written> {
    const { ttlMs, lease } = options
    const expiry = { ...(ttlMs !== undefined && { ttlMs }), ...(lease !== undefined && { lease }) }
    const result = await this.#commitOne({ kind: 'put', key, value, ...expiry }, options)
    return { version: result.version }
  }

  async delete(key: Uint8Array, options: WriteOptions = {}): Promise<Deleted> {
    const result = await this.#commitOne({ kind: 'delete', key }, options)
    return { existed: result.existed[0] === true }
  }

  async commit(transaction: Transaction, options: CallOptions = {}): Promise<CommitResult> {
    validateTransaction(transaction, this.#leases.isOwn)
    validateCallOptions(options)
    const sent = this.#forCommand(transaction)
    return this.#call(options, true, (timeoutMs, done) => this.#client.commit(sent, timeoutMs, done))
  }

  async *range(range: KeyRange, options: RangeOptions = {}): AsyncIterable<StoredRow> {
    validateRange(range, options)
    let left = options.limit ?? Number.POSITIVE_INFINITY
    let from: Uint8Array | undefined = range.from
    let snapshot = 0
    try {
      while (from !== undefined && left > 0) {
        const request = {
          from,
          to: range.to,
          limit: Math.min(left, options.pageSize ?? PAGE_ROWS),
          consistency: options.consistency ?? 'strong',
          snapshot,
        } as const
        const page: Page = await this.#call(options, false, (timeoutMs, done) =>
          this.#client.page(request, timeoutMs, done),
        )
        snapshot = page.next === undefined ? 0 : page.snapshot
        from = page.next
        left -= page.rows.length
        for (const row of page.rows) {
          if (options.signal?.aborted) throw aborted(options.signal, 'failed')
          yield { key: owned(row.key), value: owned(row.value), version: row.version }
        }
      }
    } finally {
      if (snapshot !== 0) this.#client.endRange(snapshot)
    }
  }

  watch(range: KeyRange, options: WatchOptions = {}): Watch {
    validateWatch(range, options)
    const from = options.from === undefined ? undefined : placeOf(options.from)
    const { from: first, to } = range
    // The caller may write into its bytes while the watch goes on.
    const own = { from: owned(first), to: to && owned(to) }
    const watch = new ClientWatch({
      open: (events) => this.#client.watch(own, from, events),
      signal: options.signal,
      over: (ended) => this.#watches.delete(ended),
    })
    if (this.#closing !== undefined) watch.stop(new DureError('closed', 'the store is closed'))
    else if (!watch.isOver) this.#watches.add(watch)
    return watch
  }

  async cursor(options: CallOptions = {}): Promise<Cursor> {
    validateCallOptions(options)
    return cursorOf(
      await this.#call<ChangePlace>(options, false, (timeoutMs, done) =>
        this.#client.cursor(timeoutMs, done),
      ),
    )
  }

  async lease(options: LeaseOptions): Promise<Lease> {
    validateLeaseOptions(options)
    return this.#leases.take(options)
  }

  close(options: { readonly timeoutMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#close(options.timeoutMs ?? CLOSE_TIMEOUT_MS)
    return this.#closing
  }

  async #close(timeoutMs: number): Promise<void> {
    for (const watch of this.#watches) watch.stop(new DureError('closed', 'the store was closed'))
    // Until now calls are still accepted: these are the last.
    this.#leases.giveUp(timeoutMs)
    await this.#drained(timeoutMs)
    const closed = new DureError('closed', 'the store was closed while this call was open', {
      outcome: 'unknown',
    })
    for (const end of [...this.#open]) end(closed)
    this.#client.close()
    await this.#onClose()
  }

  /**
   * Cuts it off for good, as the death of its process looks from outside: nothing it asks gets out, nothing is released.
   * For tests of what others then see; `close` still has to follow.
   */
  abandon(): void {
    this.#client.sever()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #commitOne(
    operation: Transaction['operations'][number],
    options: WriteOptions,
  ): Promise<Extract<CommitResult, { committed: true }>> {
    validateWriteOptions(options)
    const { key } = operation
    const { ifVersion, idempotencyKey } = options
    const transaction: Transaction = {
      operations: [operation],
      ...(ifVersion !== undefined && { comparisons: [{ key, version: ifVersion }] }),
      ...(idempotencyKey !== undefined && { idempotencyKey }),
    }
    const result = await this.commit(transaction, options)
    if (result.committed) return result
    throw new DureError(
      'comparison-failed',
      `asked to ${operation.kind} only at version ${ifVersion}, found version ${result.found[0]} (0 means absent): read the key and decide again`,
    )
  }

  /** With the ids of its leases. Throws `lease-lost` when one is known to be over. */
  #forCommand(transaction: Transaction): ClientTransaction {
    const { operations } = transaction
    if (!operations.some((operation) => operation.kind === 'put' && operation.lease !== undefined)) {
      return transaction as ClientTransaction
    }
    const withIds = operations.map((operation) => {
      if (operation.kind === 'delete' || operation.lease === undefined) return operation as CommandOperation
      return { ...operation, lease: this.#leases.idOf(operation.lease) }
    })
    return { ...transaction, operations: withIds }
  }

  #call<Value>(
    options: CallOptions,
    changes: boolean,
    start: (timeoutMs: number, done: Done<Value>) => void,
  ): Promise<Value> {
    return new Promise<Value>((resolve, reject) => {
      const { signal, timeoutMs = CALL_TIMEOUT_MS } = options
      if (this.#closing !== undefined) return reject(new DureError('closed', 'the store is closed'))
      if (signal?.aborted) return reject(aborted(signal, 'failed'))
      const settle = (): void => {
        this.#open.delete(fail)
        signal?.removeEventListener('abort', onAbort)
        if (this.#open.size === 0) this.#onDrained()
      }
      const fail = (error: DureError): void => {
        settle()
        reject(error)
      }
      const onAbort = (): void => fail(aborted(signal, changes ? 'unknown' : 'failed'))
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#open.add(fail)
      start(timeoutMs, (error, value) => {
        if (!this.#open.has(fail)) return
        settle()
        if (error !== undefined) reject(error)
        else resolve(value as Value)
      })
    })
  }

  #onDrained: () => void = () => {}

  #drained(timeoutMs: number): Promise<void> {
    if (this.#open.size === 0) return Promise.resolve()
    return new Promise((resolve) => {
      const timer = this.#runtime.timer(timeoutMs, resolve)
      this.#onDrained = () => {
        timer.cancel()
        resolve()
      }
    })
  }
}

/** The caller's own: a view would pin a whole message, or let the caller write into the table. */
const owned = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes)

const aborted = (signal: AbortSignal | undefined, outcome: 'failed' | 'unknown'): DureError =>
  new DureError('aborted', 'the signal of this call was aborted', { outcome, cause: signal?.reason })
