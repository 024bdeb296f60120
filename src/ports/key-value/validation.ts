import type { Cursor } from './cursor.ts'
import type {
  CallOptions,
  Expiry,
  KeyRange,
  PutOptions,
  RangeOptions,
  Transaction,
  WatchOptions,
  WriteOptions,
} from './key-value-store.ts'
import type { Lease, LeaseOptions } from './lease.ts'
import {
  checkCommitSize,
  checkCount,
  checkIdempotencyKey,
  checkKeySize,
  checkTtl,
  checkValueSize,
  DistinctKeys,
  limits,
  refuseArgument,
} from './limits.ts'

/**
 * The argument checks that every engine makes before a call leaves, so that all refuse the same with the same words:
 * code `invalid`, outcome `failed`.
 *
 * ```ts
 * validateKey(key)
 * validateValue(value)
 * validateWriteOptions(options)
 * ```
 */
export function validateKey(key: Uint8Array): void {
  checkBytes('the key', key)
  checkKeySize(key.length)
}

export function validateValue(value: Uint8Array): void {
  checkBytes('the value', value)
  checkValueSize(value.length)
}

export function validateCallOptions(options: CallOptions | undefined): void {
  const timeoutMs = options?.timeoutMs
  if (timeoutMs !== undefined && !(Number.isFinite(timeoutMs) && timeoutMs > 0)) {
    refuseArgument(`timeoutMs is ${timeoutMs}`, 'use a number of milliseconds above 0')
  }
}

export function validateWriteOptions(options: WriteOptions | undefined): void {
  validateCallOptions(options)
  if (options?.ifVersion !== undefined) checkVersion(options.ifVersion)
  if (options?.idempotencyKey !== undefined) checkGivenIdempotencyKey(options.idempotencyKey)
}

/** `isOwn` knows the leases of this store. */
export function validatePutOptions(options: PutOptions | undefined, isOwn: (lease: Lease) => boolean): void {
  validateWriteOptions(options)
  if (options !== undefined) checkExpiry(options, isOwn)
}

export function validateTransaction(transaction: Transaction, isOwn: (lease: Lease) => boolean): void {
  const comparisons = transaction.comparisons ?? []
  checkCount('comparisons', comparisons.length)
  checkCount('operations', transaction.operations.length)
  let commitBytes = 0
  for (const { key, version } of comparisons) {
    validateKey(key)
    checkVersion(version)
    commitBytes += key.length
  }
  const keys = new DistinctKeys()
  for (const operation of transaction.operations) {
    validateKey(operation.key)
    keys.add(operation.key, 0, operation.key.length)
    commitBytes += operation.key.length
    if (operation.kind === 'put') {
      validateValue(operation.value)
      commitBytes += operation.value.length
      checkExpiry(operation, isOwn)
    }
  }
  checkCommitSize(commitBytes)
  if (transaction.idempotencyKey !== undefined) checkGivenIdempotencyKey(transaction.idempotencyKey)
}

export function validateRange(range: KeyRange, options: RangeOptions | undefined): void {
  checkBound('from', range.from)
  if (range.to !== undefined) checkBound('to', range.to)
  validateCallOptions(options)
  checkPositive('limit', options?.limit)
  checkPositive('pageSize', options?.pageSize)
}

/** Whether the text is a cursor at all, only the engine can tell: see `refuseCursor`. */
export function validateWatch(range: KeyRange, options: WatchOptions | undefined): void {
  checkBound('from', range.from)
  if (range.to !== undefined) checkBound('to', range.to)
  const from = options?.from
  if (from !== undefined && typeof from !== 'string') refuseCursor(from)
}

export function validateLeaseOptions(options: LeaseOptions): void {
  validateCallOptions(options)
  checkTtl(options.ttlMs)
}

export function refuseCursor(cursor: Cursor): never {
  refuseArgument(`the cursor is ${JSON.stringify(cursor)}`, 'give one that `watch` or `cursor()` gave')
}

function checkExpiry({ ttlMs, lease }: Expiry, isOwn: (lease: Lease) => boolean): void {
  if (ttlMs !== undefined) checkTtl(ttlMs)
  if (lease === undefined) return
  if (ttlMs !== undefined) refuseArgument('a put has both a ttlMs and a lease', 'use one of them')
  if (!isOwn(lease)) {
    refuseArgument('the lease of a put is of another store', 'use one that `lease()` of this store gave')
  }
}

function checkBound(name: 'from' | 'to', bound: Uint8Array): void {
  checkBytes(`the bound "${name}"`, bound)
  // One more than a key may have: a key and a zero byte is the bound just after that key.
  if (bound.length > limits.keyBytesMax + 1) {
    refuseArgument(
      `the bound "${name}" has ${bound.length} bytes`,
      `at most ${limits.keyBytesMax + 1} are accepted`,
    )
  }
}

function checkBytes(what: string, bytes: Uint8Array): void {
  if (!(bytes instanceof Uint8Array)) {
    refuseArgument(
      `${what} is ${bytes === null ? 'null' : typeof bytes}`,
      'give a Uint8Array; text becomes one by TextEncoder',
    )
  }
}

function checkVersion(version: number): void {
  if (!Number.isSafeInteger(version) || version < 0) {
    refuseArgument(`the version is ${version}`, 'give one that a read or write returned, or `absent`')
  }
}

function checkGivenIdempotencyKey(key: string): void {
  if (key.length === 0) {
    const advice = `use 1 to ${limits.idempotencyKeyCharactersMax} characters, or leave it out`
    refuseArgument('the idempotency key is empty', advice)
  }
  checkIdempotencyKey(key)
}

function checkPositive(name: string, value: number | undefined): void {
  if (value !== undefined && !(Number.isSafeInteger(value) && value > 0)) {
    refuseArgument(`${name} is ${value}`, 'use a whole number above 0')
  }
}
