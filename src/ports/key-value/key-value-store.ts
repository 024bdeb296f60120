import type { Cursor } from './cursor.ts'
import type { Guarantees } from './guarantees.ts'
import type { Lease, LeaseOptions } from './lease.ts'
import type { Version } from './version.ts'
import type { Watch } from './watch.ts'

/**
 * An ordered map from keys to values, replicated or not: the port that blocks and keyspaces stand on.
 *
 * ```ts
 * const { version } = await store.put(utf8('city:seoul'), utf8('9602000'))
 * await store.put(utf8('city:seoul'), utf8('9603000'), { ifVersion: version })
 * ```
 *
 * Keys are 1 … `limits.keyBytesMax` bytes, values 0 … `limits.valueBytesMax`, ordered by `memcmp`. Every call that changes something returns, or throws a `DureError`
 * whose `outcome` says `failed` or `unknown`. All take an `AbortSignal`; an aborted write is `unknown` once it left.
 */
export interface KeyValueStore extends AsyncDisposable {
  readonly guarantees: Guarantees

  /**
   * The value and version of a key.
   *
   * Guarantee: linearizable with `consistency: 'strong'` (the default): never older than what finished before the call
   * began. `eventual`: some state that the answering node has applied, perhaps an old one.
   */
  get(key: Uint8Array, options?: ReadOptions): Promise<Stored>

  /**
   * Sets a value; with `ifVersion` only if that is the key's version (`absent` for "must not exist"), else
   * `comparison-failed`, outcome `failed`.
   *
   * Guarantee: linearizable, durable on a majority before it returns, applied once however often it is retried.
   */
  put(key: Uint8Array, value: Uint8Array, options?: PutOptions): Promise<Written>

  /** Removes a key; `existed` says whether there was one. Guarantee: as `put`. */
  delete(key: Uint8Array, options?: WriteOptions): Promise<Deleted>

  /**
   * Rows with `from` <= key < `to`, in order, read page by page as the caller takes them. All pages are of one
   * snapshot; when that is gone (`snapshot-expired`) nothing was skipped or mixed: start again.
   *
   * Guarantee: the snapshot is linearizable with `consistency: 'strong'` (the default).
   */
  range(range: KeyRange, options?: RangeOptions): AsyncIterable<StoredRow>

  /**
   * Several comparisons and operations as one: all comparisons hold and all operations happen, at one moment, or none.
   * A comparison that fails is an answer, not an error.
   *
   * Guarantee: linearizable, as `put`. All keys must be of one partition. At most `limits.commitOperationsMax` of each.
   */
  commit(transaction: Transaction, options?: CallOptions): Promise<CommitResult>

  /**
   * The changes of the keys with `from` <= key < `to`: of everything that is committed after `options.from`, or after
   * this call when that is left out. Goes on by itself after a lost connection and a change of leader.
   *
   * Guarantee: every change, in the order of its commit, once; or `compacted`, with nothing skipped before it: then take
   * a `cursor()`, read the range, and watch from that cursor.
   */
  watch(range: KeyRange, options?: WatchOptions): Watch

  /**
   * The place of now: a watch from here sees every change that is committed after this call.
   *
   * Guarantee: linearizable: everything that finished before the call began lies before the cursor.
   */
  cursor(options?: CallOptions): Promise<Cursor>

  /** Grants a lease and keeps it alive. Guarantee: see `Lease`; the grant itself is durable as `put`. */
  lease(options: LeaseOptions): Promise<Lease>

  /**
   * Leases are released, as far as the time allows, and watches end as `closed`. Calls in progress are given `timeoutMs`
   * (2,000) to end; then they end as `closed` too.
   */
  close(options?: { readonly timeoutMs?: number }): Promise<void>
}

export interface CallOptions {
  readonly signal?: AbortSignal
  /** How long to try, 5,000 ms unless said. The server gives up at the same moment. */
  readonly timeoutMs?: number
}

export interface ReadOptions extends CallOptions {
  readonly consistency?: 'strong' | 'eventual'
}

export interface WriteOptions extends CallOptions {
  readonly ifVersion?: Version
  /** A retry of the same write in another process carries the same key and happens once: 1 … 128 characters. */
  readonly idempotencyKey?: string
}

export interface PutOptions extends WriteOptions, Expiry {}

/** When a value goes by itself; a later put without it keeps the value for good. One of both at most. */
export interface Expiry {
  /**
   * At the earliest after this time, and soon after it: `limits.ttlMsMin` … `limits.ttlMsMax`. Measured by the store, which
   * waits longer where clocks or leaders change, never shorter.
   */
  readonly ttlMs?: number
  /** With this lease of the same store. A put with a lease that is gone throws `lease-lost`, `failed`. */
  readonly lease?: Lease
}

export interface WatchOptions {
  /** Go on after this place; from now unless said. */
  readonly from?: Cursor
  readonly signal?: AbortSignal
}

export interface RangeOptions extends ReadOptions {
  /** Ends after this many rows. */
  readonly limit?: number
  /** Rows fetched at a time; 1,000 unless said, fewer when they are large. */
  readonly pageSize?: number
}

export interface KeyRange {
  readonly from: Uint8Array
  /** Not included; undefined for "to the end". */
  readonly to?: Uint8Array | undefined
}

/** `exists: false` carries the version `absent`, so that a read's version is always good for `ifVersion`. */
export type Stored =
  | { readonly exists: true; readonly value: Uint8Array; readonly version: Version }
  | { readonly exists: false; readonly value: undefined; readonly version: Version }

export interface StoredRow {
  readonly key: Uint8Array
  readonly value: Uint8Array
  readonly version: Version
}

export interface Written {
  readonly version: Version
}

export interface Deleted {
  readonly existed: boolean
}

export interface Transaction {
  readonly comparisons?: readonly Comparison[]
  readonly operations: readonly Operation[]
  readonly idempotencyKey?: string
}

/** Holds when the key's version is this one; `absent` for "must not exist". */
export interface Comparison {
  readonly key: Uint8Array
  readonly version: Version
}

export type Operation =
  | ({ readonly kind: 'put'; readonly key: Uint8Array; readonly value: Uint8Array } & Expiry)
  | { readonly kind: 'delete'; readonly key: Uint8Array }

export type CommitResult =
  /** `version` is that of every key that was put. `existed`: for each operation, whether its key was there before. */
  | { readonly committed: true; readonly version: Version; readonly existed: readonly boolean[] }
  /** `found`: the current version of each compared key, in the order of the comparisons. */
  | { readonly committed: false; readonly found: readonly Version[] }
