import { createHash } from 'node:crypto'
import type { Transaction } from '../../../ports/key-value/key-value-store.ts'
import { type Version, versionFromNumber } from '../../../ports/key-value/version.ts'

const FINGERPRINT_BYTES = 16
const COMMITTED = 0
const FAILED = 1

/**
 * What is kept under an idempotency key: the fingerprint of the request, whether it was committed, and if not the
 * versions that its comparisons found, 8 bytes each. The version of a commit is the record's own revision.
 */
export const committedRecord = (fingerprint: Uint8Array): Uint8Array =>
  Buffer.concat([fingerprint, Buffer.of(COMMITTED)])

export function failedRecord(fingerprint: Uint8Array, found: readonly Version[]): Uint8Array {
  const versions = Buffer.alloc(found.length * 8)
  for (const [i, version] of found.entries()) versions.writeUIntBE(version, i * 8 + 2, 6)
  return Buffer.concat([fingerprint, Buffer.of(FAILED), versions])
}

export interface Record {
  isOf(fingerprint: Uint8Array): boolean
  /** Of a request that was not committed. */
  readonly found: readonly Version[] | undefined
}

export function readRecord(bytes: Uint8Array): Record {
  const record = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const found: Version[] = []
  for (let offset = FINGERPRINT_BYTES + 1; offset + 8 <= record.length; offset += 8) {
    found.push(versionFromNumber(record.readUIntBE(offset + 2, 6)))
  }
  return {
    isOf: (fingerprint) => record.subarray(0, FINGERPRINT_BYTES).equals(fingerprint),
    found: record[FINGERPRINT_BYTES] === FAILED ? found : undefined,
  }
}

/** The same for the same request, whoever sends it. */
export function fingerprintOf({ comparisons = [], operations }: Transaction): Uint8Array {
  const hash = createHash('sha256')
  const number = Buffer.alloc(8)
  const add = (value: number): void => {
    number.writeDoubleBE(value)
    hash.update(number)
  }
  const addBytes = (bytes: Uint8Array): void => {
    add(bytes.length)
    hash.update(bytes)
  }
  add(comparisons.length)
  for (const { key, version } of comparisons) {
    addBytes(key)
    add(version)
  }
  for (const operation of operations) {
    addBytes(operation.key)
    if (operation.kind === 'delete') {
      add(-1)
      continue
    }
    addBytes(operation.value)
    add(operation.ttlMs ?? 0)
    addBytes(Buffer.from(operation.lease?.id ?? ''))
  }
  return hash.digest().subarray(0, FINGERPRINT_BYTES)
}
