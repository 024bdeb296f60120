import { DureError } from '../../foundation/errors.ts'
import type { CallOptions, KeyRange, RangeOptions, Transaction, WriteOptions } from './key-value-store.ts'
import { limits } from './limits.ts'

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
    invalid(`timeoutMs is ${timeoutMs}`, 'use a number of milliseconds above 0')
  }
}

export function validateWriteOptions(options: WriteOptions | undefined): void {
  validateCallOptions(options)
  if (options?.ifVersion !== undefined) checkVersion(options.ifVersion)
  if (options?.idempotencyKey !== undefined) checkGivenIdempotencyKey(options.idempotencyKey)
}

export function validateTransaction(transaction: Transaction): void {
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

export function checkKeySize(sizeBytes: number): void {
  if (sizeBytes === 0) invalid('the key is empty', `keys have 1 to ${limits.keyBytesMax} bytes`)
  if (sizeBytes > limits.keyBytesMax) {
    invalid(`the key has ${sizeBytes} bytes`, `keys have 1 to ${limits.keyBytesMax} bytes`)
  }
}

export function checkValueSize(sizeBytes: number): void {
  if (sizeBytes > limits.valueBytesMax) {
    const advice = `at most ${limits.valueBytesMax} are accepted; split it over several keys`
    invalid(`the value has ${sizeBytes} bytes`, advice)
  }
}

export function checkCommitSize(sizeBytes: number): void {
  if (sizeBytes > limits.commitBytesMax) {
    const advice = `at most ${limits.commitBytesMax} are accepted; split it into several commits`
    invalid(`the keys and values of the commit have ${sizeBytes} bytes`, advice)
  }
}

export function checkCount(what: 'comparisons' | 'operations', count: number): void {
  if (count > limits.commitOperationsMax) {
    const advice = `at most ${limits.commitOperationsMax} are accepted; split it into several commits`
    invalid(`the commit has ${count} ${what}`, advice)
  }
}

/** The empty key stands for none. */
export function checkIdempotencyKey(key: string): void {
  if (key.length > limits.idempotencyKeyCharactersMax) {
    const advice = `at most ${limits.idempotencyKeyCharactersMax} are accepted`
    invalid(`the idempotency key has ${key.length} characters`, advice)
  }
  if (!key.isWellFormed())
    invalid('the idempotency key holds half a surrogate pair', 'use well-formed Unicode')
}

/**
 * Refuses a key that comes twice among the operations of a commit. Pairs are compared, of which there are few; from the
 * last byte, because keys of one commit tend to begin alike.
 */
export class DistinctKeys {
  readonly #sources: Uint8Array[] = []
  readonly #starts: number[] = []
  readonly #ends: number[] = []

  /** The key that stands in `source` from `start` to before `end`. */
  add(source: Uint8Array, start: number, end: number): void {
    for (let i = 0; i < this.#sources.length; i++) {
      if (this.#ends[i]! - this.#starts[i]! !== end - start) continue
      const other = this.#sources[i]!
      let left = end
      let right = this.#ends[i]!
      while (left > start && source[left - 1] === other[right - 1]) {
        left--
        right--
      }
      if (left === start) {
        const found = `operations ${i + 1} and ${this.#sources.length + 1} of the commit have the same key`
        invalid(found, 'each key may be written once in a commit; keep the last of them')
      }
    }
    this.#sources.push(source)
    this.#starts.push(start)
    this.#ends.push(end)
  }
}

function checkBound(name: 'from' | 'to', bound: Uint8Array): void {
  checkBytes(`the bound "${name}"`, bound)
  // One more than a key may have: a key and a zero byte is the bound just after that key.
  if (bound.length > limits.keyBytesMax + 1) {
    invalid(`the bound "${name}" has ${bound.length} bytes`, `at most ${limits.keyBytesMax + 1} are accepted`)
  }
}

function checkBytes(what: string, bytes: Uint8Array): void {
  if (!(bytes instanceof Uint8Array)) {
    invalid(
      `${what} is ${bytes === null ? 'null' : typeof bytes}`,
      'give a Uint8Array; text becomes one by TextEncoder',
    )
  }
}

function checkVersion(version: number): void {
  if (!Number.isSafeInteger(version) || version < 0) {
    invalid(`the version is ${version}`, 'give one that a read or write returned, or `absent`')
  }
}

function checkGivenIdempotencyKey(key: string): void {
  if (key.length === 0) {
    const advice = `use 1 to ${limits.idempotencyKeyCharactersMax} characters, or leave it out`
    invalid('the idempotency key is empty', advice)
  }
  checkIdempotencyKey(key)
}

function checkPositive(name: string, value: number | undefined): void {
  if (value !== undefined && !(Number.isSafeInteger(value) && value > 0)) {
    invalid(`${name} is ${value}`, 'use a whole number above 0')
  }
}

function invalid(found: string, advice: string): never {
  throw new DureError('invalid', `${found}: ${advice}`)
}
