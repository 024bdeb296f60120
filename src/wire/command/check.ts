import { unreachable } from '../../foundation/assert.ts'
import { DureError } from '../../foundation/errors.ts'
import { limits } from '../../ports/key-value/limits.ts'
import { ByteReader } from '../bytes/byte-reader.ts'
import { readCommandKind } from './codec.ts'
import type { Command } from './command.ts'
import { COMMIT, DELETE, PUT } from './format.ts'

/** Throws `invalid`, stating the limit, when a command goes beyond what the port accepts. */
export function validateCommand(command: Command): void {
  switch (command.kind) {
    case 'open-session':
      return
    case 'commit': {
      checkIdempotencyKey(command.idempotencyKey)
      checkCount('comparisons', command.comparisons.length)
      checkCount('operations', command.operations.length)
      let commitBytes = 0
      for (const comparison of command.comparisons) commitBytes += checkKey(comparison.key.length)
      const keys = new DistinctKeys()
      for (const operation of command.operations) {
        commitBytes += checkKey(operation.key.length)
        keys.add(operation.key, 0, operation.key.length)
        if (operation.kind === 'put') commitBytes += checkValue(operation.value.length)
      }
      checkCommitBytes(commitBytes)
      return
    }
    default:
      unreachable(command)
  }
}

/**
 * The same on encoded bytes, and their structure, without building the command: what a leader does before it proposes
 * what came from outside. Throws `protocol` or `invalid`.
 */
export function checkCommand(bytes: Uint8Array): void {
  const reader = new ByteReader(bytes, 'command')
  const kind = readCommandKind(reader)
  reader.uint48()
  if (kind === COMMIT) checkCommit(reader, bytes)
  reader.expectEnd()
}

function checkCommit(reader: ByteReader, bytes: Uint8Array): void {
  reader.varint()
  reader.varint()
  reader.varint()
  checkIdempotencyKey(reader.text())

  let commitBytes = 0
  const comparisons = reader.count(2)
  checkCount('comparisons', comparisons)
  for (let i = 0; i < comparisons; i++) {
    commitBytes += checkKey(reader.skipBytes())
    reader.varint()
  }

  const operations = reader.count(2)
  checkCount('operations', operations)
  const keys = operations > 1 ? new DistinctKeys() : undefined
  for (let i = 0; i < operations; i++) {
    const kind = reader.byte()
    if (kind !== PUT && kind !== DELETE) reader.fail(`expected a kind of operation, found ${kind}`, 1)
    const keyBytes = checkKey(reader.skipBytes())
    commitBytes += keyBytes
    keys?.add(bytes, reader.offset - keyBytes, reader.offset)
    if (kind === PUT) commitBytes += checkValue(reader.skipBytes())
  }
  checkCommitBytes(commitBytes)
}

function checkIdempotencyKey(key: string): void {
  if (key.length > limits.idempotencyKeyCharactersMax) {
    invalid(
      `the idempotency key has ${key.length} characters`,
      `at most ${limits.idempotencyKeyCharactersMax} are accepted`,
    )
  }
  if (!key.isWellFormed())
    invalid('the idempotency key holds half a surrogate pair', 'use well-formed Unicode')
}

function checkCount(what: string, count: number): void {
  if (count > limits.commitOperationsMax) {
    invalid(
      `the commit has ${count} ${what}`,
      `at most ${limits.commitOperationsMax} are accepted; split it into several commits`,
    )
  }
}

function checkKey(sizeBytes: number): number {
  if (sizeBytes === 0) invalid('the key is empty', `keys have 1 to ${limits.keyBytesMax} bytes`)
  if (sizeBytes > limits.keyBytesMax) {
    invalid(`the key has ${sizeBytes} bytes`, `keys have 1 to ${limits.keyBytesMax} bytes`)
  }
  return sizeBytes
}

function checkValue(sizeBytes: number): number {
  if (sizeBytes > limits.valueBytesMax) {
    invalid(
      `the value has ${sizeBytes} bytes`,
      `at most ${limits.valueBytesMax} are accepted; split it over several keys`,
    )
  }
  return sizeBytes
}

function checkCommitBytes(sizeBytes: number): void {
  if (sizeBytes > limits.commitBytesMax) {
    invalid(
      `the keys and values of the commit have ${sizeBytes} bytes`,
      `at most ${limits.commitBytesMax} are accepted; split it into several commits`,
    )
  }
}

function invalid(found: string, advice: string): never {
  throw new DureError('invalid', `${found}: ${advice}`)
}

/**
 * Refuses a key that comes twice. Pairs are compared, of which there are few: at most `limits.commitOperationsMax`
 * keys; from the last byte, because keys of one commit tend to begin alike.
 */
class DistinctKeys {
  readonly #sources: Uint8Array[] = []
  readonly #starts: number[] = []
  readonly #ends: number[] = []

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
        invalid(
          `operations ${i + 1} and ${this.#sources.length + 1} of the commit have the same key`,
          'each key may be written once in a commit; keep the last of them',
        )
      }
    }
    this.#sources.push(source)
    this.#starts.push(start)
    this.#ends.push(end)
  }
}
