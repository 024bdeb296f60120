import { DureError } from '../../foundation/errors.ts'

/** What every engine accepts, and where it refuses. Part of the port: a program that keeps to them runs everywhere. */
export const limits = {
  keyBytesMax: 1_024,
  valueBytesMax: 1 << 20,
  commitOperationsMax: 128,
  /** Keys and values of one commit together. */
  commitBytesMax: 2 << 20,
  idempotencyKeyCharactersMax: 128,
  /** Of leases and of values. */
  ttlMsMin: 100,
  ttlMsMax: 365 * 24 * 60 * 60_000,
  /** Keys that one lease may hold at a time: all of them go in one step when it is released. */
  leaseKeysMax: 4_096,
} as const

export function checkKeySize(sizeBytes: number): void {
  if (sizeBytes === 0) refuseArgument('the key is empty', `keys have 1 to ${limits.keyBytesMax} bytes`)
  if (sizeBytes > limits.keyBytesMax) {
    refuseArgument(`the key has ${sizeBytes} bytes`, `keys have 1 to ${limits.keyBytesMax} bytes`)
  }
}

export function checkValueSize(sizeBytes: number): void {
  if (sizeBytes > limits.valueBytesMax) {
    const advice = `at most ${limits.valueBytesMax} are accepted; split it over several keys`
    refuseArgument(`the value has ${sizeBytes} bytes`, advice)
  }
}

export function checkCommitSize(sizeBytes: number): void {
  if (sizeBytes > limits.commitBytesMax) {
    const advice = `at most ${limits.commitBytesMax} are accepted; split it into several commits`
    refuseArgument(`the keys and values of the commit have ${sizeBytes} bytes`, advice)
  }
}

export function checkCount(what: 'comparisons' | 'operations', count: number): void {
  if (count > limits.commitOperationsMax) {
    const advice = `at most ${limits.commitOperationsMax} are accepted; split it into several commits`
    refuseArgument(`the commit has ${count} ${what}`, advice)
  }
}

export function checkTtl(ttlMs: number): void {
  if (!Number.isSafeInteger(ttlMs) || ttlMs < limits.ttlMsMin || ttlMs > limits.ttlMsMax) {
    const advice = `use a whole number of milliseconds from ${limits.ttlMsMin} to ${limits.ttlMsMax}`
    refuseArgument(`ttlMs is ${ttlMs}`, advice)
  }
}

/** The empty key stands for none. */
export function checkIdempotencyKey(key: string): void {
  if (key.length > limits.idempotencyKeyCharactersMax) {
    const advice = `at most ${limits.idempotencyKeyCharactersMax} are accepted`
    refuseArgument(`the idempotency key has ${key.length} characters`, advice)
  }
  if (!key.isWellFormed())
    refuseArgument('the idempotency key holds half a surrogate pair', 'use well-formed Unicode')
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
        refuseArgument(found, 'each key may be written once in a commit; keep the last of them')
      }
    }
    this.#sources.push(source)
    this.#starts.push(start)
    this.#ends.push(end)
  }
}

/** Ends in `invalid`: what was found, and what to do. */
export function refuseArgument(found: string, advice: string): never {
  throw new DureError('invalid', `${found}: ${advice}`)
}
