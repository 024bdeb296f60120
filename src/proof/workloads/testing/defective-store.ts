import { equalBytes } from '../../../foundation/bytes.ts'
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
import type { FencingToken, Lease, LeaseOptions } from '../../../ports/key-value/lease.ts'
import { absent } from '../../../ports/key-value/version.ts'
import type { Change, Watch } from '../../../ports/key-value/watch.ts'
import type { Runtime } from '../../../runtime/runtime.ts'
import { collect } from './collect.ts'

/** How a store can be wrong, each a mistake that a real one has made. */
export const defects = [
  /** A write is acknowledged, and a moment later it is as if it had never been. */
  'lost-write',
  /** A read shows what was there a while ago. */
  'stale-read',
  /** Versions are not compared: who comes last wins. */
  'lost-update',
  /** The rows of a commit become visible one after the other. */
  'torn-commit',
  /** A range is read in two halves, at two moments. */
  'torn-range',
  /** An old write is applied once more, over what came after it. */
  'repeated-write',
  /** A write gets the version of an earlier one. */
  'repeated-version',
  /** A write is refused, and happens all the same. */
  'false-refusal',
  /** Two leases have one fencing token. */
  'repeated-token',
  /** A row that nobody wrote for long is gone. */
  'forgotten-row',
  /** A watch passes over a change. */
  'skipped-change',
  /** A watch shows a change again. */
  'repeated-change',
] as const
export type Defect = (typeof defects)[number]

/** Of the calls in which the mistake could be made. */
const DEFECT_RATE = 0.1
/** How long what should be one moment takes, and how old a stale read is. */
const MOMENT_MS = 30
const ROWS_BEHIND = 10
const WRITES_UNTIL_FORGOTTEN = 200

/** A store with one mistake, which it makes now and then: what workloads must convict. */
export class DefectiveStore implements KeyValueStore {
  readonly #store: KeyValueStore
  readonly #runtime: Runtime
  readonly #defect: Defect
  /** What reads showed before, for showing it again. */
  readonly #seen: { readonly key: Uint8Array; readonly stored: Stored }[] = []
  #newest = 0
  #lastToken: FencingToken | undefined

  constructor(store: KeyValueStore, runtime: Runtime, defect: Defect) {
    this.#store = store
    this.#runtime = runtime
    this.#defect = defect
  }

  get guarantees(): KeyValueStore['guarantees'] {
    return this.#store.guarantees
  }

  async get(key: Uint8Array, options?: ReadOptions): Promise<Stored> {
    const old = this.#seen.find((seen) => equalBytes(seen.key, key))
    if (this.#isWrong('stale-read') && old !== undefined) return old.stored
    const stored = await this.#store.get(key, options)
    if (this.#isForgotten(stored)) return { exists: false, value: undefined, version: absent }
    if (old === undefined || this.#runtime.random.next() < 0.1) {
      if (old !== undefined) this.#seen.splice(this.#seen.indexOf(old), 1)
      this.#seen.push({ key, stored })
    }
    return stored
  }

  async put(key: Uint8Array, value: Uint8Array, options: PutOptions = {}): Promise<Written> {
    const { ifVersion, ...unconditional } = options
    if (this.#isWrong('lost-update')) return this.#store.put(key, value, unconditional)
    const before = await this.#store.get(key)
    const written = await this.#store.put(key, value, options)
    if (this.#isWrong('false-refusal')) {
      throw new DureError('comparison-failed', `the key was expected at another version`)
    }
    if (this.#isWrong('repeated-version')) return { version: before.version }
    if (this.#isWrong('repeated-write')) {
      this.#runtime.timer(10 * MOMENT_MS, () => void this.#store.put(key, value).catch(() => {}))
    }
    if (this.#isWrong('lost-write')) await this.#undo(key, before)
    return written
  }

  async delete(key: Uint8Array, options: WriteOptions = {}): Promise<Deleted> {
    const { ifVersion, ...unconditional } = options
    if (this.#isWrong('lost-update')) return this.#store.delete(key, unconditional)
    const before = await this.#store.get(key)
    const deleted = await this.#store.delete(key, options)
    if (this.#isWrong('lost-write')) await this.#undo(key, before)
    return deleted
  }

  async commit(transaction: Transaction): Promise<CommitResult> {
    const { operations } = transaction
    // What is forgotten is not there for comparisons either.
    const comparisons = (transaction.comparisons ?? []).filter(
      ({ version }) => this.#defect !== 'forgotten-row' || version !== absent,
    )
    if (this.#isWrong('lost-update')) return this.#store.commit({ operations })
    if (operations.length > 1 && this.#isWrong('torn-commit')) {
      const result = await this.#store.commit({ comparisons, operations: operations.slice(0, 1) })
      if (!result.committed) return result
      await this.#delay(MOMENT_MS)
      return this.#store.commit({ operations: operations.slice(1) })
    }
    const before = await Promise.all(operations.map(({ key }) => this.#store.get(key)))
    const result = await this.#store.commit({ comparisons, operations })
    if (result.committed && this.#isWrong('false-refusal')) return { committed: false, found: [] }
    if (result.committed && operations.length > 0 && this.#isWrong('lost-write')) {
      for (const [i, { key }] of operations.entries()) await this.#undo(key, before[i]!)
    }
    if (result.committed && this.#isWrong('repeated-write')) {
      this.#runtime.timer(10 * MOMENT_MS, () => void this.#store.commit({ operations }).catch(() => {}))
    }
    return result
  }

  async *range(range: KeyRange, options: RangeOptions = {}): AsyncIterable<StoredRow> {
    const rows = await collect(this.#store.range(range, options))
    if (this.#isWrong('torn-range')) {
      await this.#delay(MOMENT_MS)
      const later = await collect(this.#store.range(range, options))
      const half = Math.ceil(rows.length / 2)
      yield* rows.slice(0, half)
      yield* later.slice(half)
      return
    }
    // Without the rows that were written last.
    const newest = rows.map(({ version }) => version).sort((a, b) => b - a)
    const tooNew = this.#isWrong('stale-read') ? newest[Math.min(ROWS_BEHIND, newest.length) - 1]! : Infinity
    yield* rows.filter(({ version }) => version < tooNew)
  }

  watch(range: KeyRange, options?: WatchOptions): Watch {
    const watch = this.#store.watch(range, options)
    if (this.#defect !== 'skipped-change' && this.#defect !== 'repeated-change') return watch
    return {
      ready: watch.ready,
      get cursor() {
        return watch.cursor
      },
      close: () => watch.close(),
      [Symbol.asyncDispose]: () => watch.close(),
      [Symbol.asyncIterator]: () => this.#wrongChanges(watch),
    }
  }

  async *#wrongChanges(watch: Watch): AsyncGenerator<Change> {
    for await (const change of watch) {
      if (this.#isWrong('skipped-change')) continue
      yield change
      if (this.#isWrong('repeated-change')) yield change
    }
  }

  cursor(): Promise<Cursor> {
    return this.#store.cursor()
  }

  async lease(options: LeaseOptions): Promise<Lease> {
    const lease = await this.#store.lease(options)
    if (this.#isWrong('repeated-token') && this.#lastToken !== undefined)
      Object.defineProperty(lease, 'token', { value: this.#lastToken })
    this.#lastToken = lease.token
    return lease
  }

  close(): Promise<void> {
    return this.#store.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #isForgotten({ version }: Stored): boolean {
    this.#newest = Math.max(this.#newest, version)
    return this.#defect === 'forgotten-row' && this.#newest - version > WRITES_UNTIL_FORGOTTEN
  }

  #isWrong(defect: Defect): boolean {
    return defect === this.#defect && this.#runtime.random.next() < DEFECT_RATE
  }

  async #undo(key: Uint8Array, before: Stored): Promise<void> {
    if (before.exists) await this.#store.put(key, before.value)
    else await this.#store.delete(key)
  }

  #delay(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#runtime.timer(delayMs, resolve)
    })
  }
}
