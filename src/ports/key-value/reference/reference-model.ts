import { compareBytes, equalBytes } from '../../../foundation/bytes.ts'
import { DureError } from '../../../foundation/errors.ts'
import { type Cursor, cursorFromText } from '../cursor.ts'
import type {
  CommitResult,
  Expiry,
  KeyRange,
  Operation,
  Stored,
  StoredRow,
  Transaction,
} from '../key-value-store.ts'
import type { FencingToken } from '../lease.ts'
import { refuseCursor } from '../validation.ts'
import { absent, type Version, versionFromNumber } from '../version.ts'
import type { Change } from '../watch.ts'
import { ManualClock, type ModelClock } from './manual-clock.ts'
import { copyOf, sameRequest } from './same-request.ts'

/** A row, and when it goes by itself. */
interface Row extends StoredRow {
  readonly dueMs?: number
  readonly lease?: string
}

export interface ModelLease {
  readonly id: string
  readonly token: FencingToken
  readonly ttlMs: number
  readonly dueMs: number
}

/** After so many commits, and after so many changes of the next one. */
export interface Place {
  readonly commit: number
  readonly ordinal: number
}

/**
 * What a key-value store means, written to be read and not to be fast: a sorted list, a list of all changes, and one
 * step for each call. Several `ReferenceStore`s may share one. Arguments were validated before.
 *
 * Time passes at the beginning of each step, and when something is due: what goes by itself is a commit of its own.
 */
export class ReferenceModel {
  readonly clock: ModelClock
  /** In order of keys. Rows are replaced, never changed, so a copy of the list is a snapshot. */
  #rows: readonly Row[] = []
  readonly #leases = new Map<string, ModelLease>()
  readonly #answers = new Map<string, { readonly transaction: Transaction; readonly result: CommitResult }>()
  #commits = 0
  #grants = 0
  /** Every change since `#compactedTo`, in order. */
  #changes: (Change & { readonly place: Place })[] = []
  #compactedTo: Place = { commit: 0, ordinal: 0 }
  readonly #listeners = new Set<() => void>()
  #alarm: { cancel(): void } | undefined

  /** Without a clock, time stands still. */
  constructor(clock: ModelClock = new ManualClock()) {
    this.clock = clock
  }

  get(key: Uint8Array): Stored {
    this.#passTime()
    const row = this.#find(key)
    if (row === undefined) return { exists: false, value: undefined, version: absent }
    return { exists: true, value: row.value.slice(), version: row.version }
  }

  /** The rows with `from` <= key < `to` as they are now. */
  rows(range: KeyRange): StoredRow[] {
    this.#passTime()
    return this.#rows
      .filter(({ key }) => isInside(key, range))
      .map(({ key, value, version }) => ({ key: key.slice(), value: value.slice(), version }))
  }

  commit(transaction: Transaction): CommitResult {
    this.#passTime()
    const { idempotencyKey } = transaction
    if (idempotencyKey === undefined) return this.#apply(transaction)
    const answered = this.#answers.get(idempotencyKey)
    if (answered === undefined) {
      const result = this.#apply(transaction)
      this.#answers.set(idempotencyKey, { transaction: copyOf(transaction), result })
      return result
    }
    if (!sameRequest(answered.transaction, transaction)) {
      throw new DureError(
        'invalid',
        `the idempotency key "${idempotencyKey}" came with another request before: use a new key for a new request`,
      )
    }
    return answered.result
  }

  grant(ttlMs: number): ModelLease {
    this.#passTime()
    const token = ++this.#grants
    const lease = { id: `${token}`, token: token as FencingToken, ttlMs, dueMs: this.clock.nowMs() + ttlMs }
    this.#leases.set(lease.id, lease)
    this.#setAlarm()
    return lease
  }

  /** Whether the lease is there and lives on. */
  keep(id: string): boolean {
    this.#passTime()
    const lease = this.#leases.get(id)
    if (lease === undefined) return false
    this.#leases.set(id, { ...lease, dueMs: this.clock.nowMs() + lease.ttlMs })
    this.#setAlarm()
    return true
  }

  end(id: string): void {
    this.#passTime()
    this.#endLease(id)
  }

  /** The place of now. */
  place(): Place {
    this.#passTime()
    return { commit: this.#commits, ordinal: 0 }
  }

  cursor(place: Place): Cursor {
    return cursorFromText(`${place.commit}-${place.ordinal}`)
  }

  placeOf(cursor: Cursor): Place {
    const [, commit, ordinal] = /^(\d{1,15})-(\d{1,15})$/.exec(cursor) ?? refuseCursor(cursor)
    return { commit: Number(commit), ordinal: Number(ordinal) }
  }

  /** The first change of the range after a place, and its own place. Throws `compacted` when that may be gone. */
  next(range: KeyRange, after: Place): (Change & { readonly place: Place }) | undefined {
    this.#passTime()
    if (isAfter(this.#compactedTo, after)) {
      throw new DureError(
        'compacted',
        'the changes after this cursor are no longer kept: take a new cursor(), read the range, and watch from there',
      )
    }
    return this.#changes.find(({ key, place }) => isAfter(place, after) && isInside(key, range))
  }

  /** Forgets all changes so far, as a store does with old ones. */
  compact(): void {
    this.#compactedTo = this.place()
    this.#changes = []
    this.#tell()
  }

  /** `heard` is called after everything that may interest a watch. Answers with how to stop that. */
  listen(heard: () => void): () => void {
    this.#listeners.add(heard)
    return () => this.#listeners.delete(heard)
  }

  #apply({ comparisons = [], operations }: Transaction): CommitResult {
    const found = comparisons.map(({ key }) => this.#find(key)?.version ?? absent)
    if (comparisons.some(({ version }, i) => version !== found[i])) return { committed: false, found }
    for (const operation of operations) {
      const id = operation.kind === 'put' ? operation.lease?.id : undefined
      if (id !== undefined && !this.#leases.has(id)) {
        throw new DureError('lease-lost', `the lease ${id} is gone: nothing was written; take a new lease`)
      }
    }
    const existed = operations.map(({ key }) => this.#find(key) !== undefined)
    const version = this.#change(operations)
    return { committed: true, version, existed }
  }

  /** The one place where rows change. */
  #change(operations: readonly Operation[]): Version {
    const commit = ++this.#commits
    const version = versionFromNumber(commit)
    let ordinal = 0
    for (const operation of operations) {
      const { kind } = operation
      const others = this.#rows.filter(({ key }) => !equalBytes(key, operation.key))
      if (kind === 'delete' && others.length === this.#rows.length) continue
      const key = operation.key.slice()
      // The place right after the change: that of `n` changes of this commit, which is the one after `commit - 1`.
      const place = { commit: commit - 1, ordinal: ++ordinal }
      const cursor = this.cursor(place)
      if (kind === 'put') {
        const value = operation.value.slice()
        others.push({ key, value, version, ...this.#ending(operation) })
        others.sort((left, right) => compareBytes(left.key, right.key))
        this.#changes.push({ kind, key, value, version, cursor, place })
      } else {
        this.#changes.push({ kind, key, version, cursor, place })
      }
      this.#rows = others
    }
    this.#setAlarm()
    this.#tell()
    return version
  }

  #ending({ ttlMs, lease }: Expiry): { dueMs?: number; lease?: string } {
    if (ttlMs !== undefined) return { dueMs: this.clock.nowMs() + ttlMs }
    return lease === undefined ? {} : { lease: lease.id }
  }

  #endLease(id: string): void {
    if (!this.#leases.delete(id)) return
    const rows = this.#rows.filter(({ lease }) => lease === id)
    if (rows.length > 0) this.#change(rows.map(({ key }) => ({ kind: 'delete', key })))
  }

  /** Everything that is due happens, the longest due first. */
  #passTime(): void {
    for (;;) {
      const [first] = this.#dues().filter(({ dueMs }) => dueMs <= this.clock.nowMs())
      if (first === undefined) return
      if ('id' in first) this.#endLease(first.id)
      else this.#change([{ kind: 'delete', key: first.key }])
    }
  }

  #setAlarm(): void {
    this.#alarm?.cancel()
    const [first] = this.#dues()
    const delayMs = first === undefined ? undefined : first.dueMs - this.clock.nowMs()
    this.#alarm = delayMs === undefined ? undefined : this.clock.timer(delayMs, () => this.#passTime())
  }

  #dues(): ((ModelLease | Row) & { readonly dueMs: number })[] {
    const rows = this.#rows.filter((row): row is Row & { dueMs: number } => row.dueMs !== undefined)
    return [...this.#leases.values(), ...rows].sort((left, right) => left.dueMs - right.dueMs)
  }

  #tell(): void {
    for (const heard of [...this.#listeners]) heard()
  }

  #find(key: Uint8Array): Row | undefined {
    return this.#rows.find((row) => equalBytes(row.key, key))
  }
}

const isInside = (key: Uint8Array, { from, to }: KeyRange): boolean =>
  compareBytes(key, from) >= 0 && (to === undefined || compareBytes(key, to) < 0)

const isAfter = (place: Place, other: Place): boolean =>
  place.commit > other.commit || (place.commit === other.commit && place.ordinal > other.ordinal)
