import { compareBytes, utf8 } from '../../../foundation/bytes.ts'
import { checksum } from '../../../foundation/checksum.ts'
import type { RowChange, Table } from '../../../storage/table/table.ts'
import type { CommandOperation, CommandResult, CommitCommand } from '../../../wire/command/command.ts'
import { decodeCommandResult, encodeCommandResult } from '../../../wire/command/result-codec.ts'
import { space, systemRowKey, viewOf } from './row.ts'

/** Log time for which an idempotency key is remembered. */
export const IDEMPOTENCY_KEEP_MS = 60 * 60_000
const IDEMPOTENCY_RECORDS_MAX = 100_000
/** Expired records removed with each new one: more than one, so that their number falls. */
const REMOVED_AT_ONCE_MAX = 4

/**
 * Keys that callers chose (HTTP's `Idempotency-Key`), each with the response of its first request. Rows of the table
 * at once, since they live long. A full table of records refuses new ones; none is forgotten before its time.
 */
export class IdempotencyRecords {
  readonly #table: Table
  #count = 0

  constructor(table: Table) {
    this.#table = table
  }

  /** Records that are kept, expired ones that were not dropped yet included. */
  get size(): number {
    return this.#count
  }

  load(): void {
    this.#count = 0
    const from = new Uint8Array([space.idempotency])
    const to = new Uint8Array([space.idempotency + 1])
    for (const _ of this.#table.scan(from, to)) this.#count++
  }

  /** What to answer without running the command; `undefined`: run it, then `remember`. */
  before(command: CommitCommand, logTimeMs: number): CommandResult | undefined {
    const bytes = this.#table.get(rowKey(command.idempotencyKey))
    if (bytes !== undefined) {
      const view = viewOf(bytes)
      if (logTimeMs - view.getFloat64(0) <= IDEMPOTENCY_KEEP_MS) {
        if (view.getUint32(8) !== fingerprint(command)) return { kind: 'token-reused' }
        return decodeCommandResult(bytes.slice(12))
      }
    } else if (this.#count >= IDEMPOTENCY_RECORDS_MAX && !this.#oldestIsExpired(logTimeMs)) {
      return { kind: 'overloaded' }
    }
    return undefined
  }

  /** The rows that record a response and drop expired ones. */
  remember(command: CommitCommand, result: CommandResult, logTimeMs: number): RowChange[] {
    const name = utf8(command.idempotencyKey)
    const key = rowKey(command.idempotencyKey)
    const changes = this.#dropExpired(logTimeMs, key)
    const encoded = encodeCommandResult(result)
    const bytes = new Uint8Array(12 + encoded.length)
    viewOf(bytes).setFloat64(0, logTimeMs)
    viewOf(bytes).setUint32(8, fingerprint(command))
    bytes.set(encoded, 12)
    if (this.#table.get(key) === undefined) this.#count++
    changes.push({ key, value: bytes })
    changes.push({ key: systemRowKey(space.idempotencyExpiry, logTimeMs, name), value: new Uint8Array(0) })
    return changes
  }

  /** But for the record of `replaced`, which is about to be written again. */
  #dropExpired(logTimeMs: number, replaced: Uint8Array): RowChange[] {
    const changes: RowChange[] = []
    for (const row of this.#expiryRows()) {
      const writtenMs = viewOf(row.key).getFloat64(1)
      if (logTimeMs - writtenMs <= IDEMPOTENCY_KEEP_MS || changes.length >= 2 * REMOVED_AT_ONCE_MAX) break
      const key = new Uint8Array(row.key.length - 8)
      key[0] = space.idempotency
      key.set(row.key.subarray(9), 1)
      changes.push({ key: row.key.slice(), value: undefined })
      if (compareBytes(key, replaced) === 0) continue
      // A key that was used again after it expired has a younger record: that one stays.
      const record = this.#table.get(key)
      if (record === undefined || viewOf(record).getFloat64(0) !== writtenMs) continue
      changes.push({ key, value: undefined })
      this.#count--
    }
    return changes
  }

  #oldestIsExpired(logTimeMs: number): boolean {
    for (const row of this.#expiryRows())
      return logTimeMs - viewOf(row.key).getFloat64(1) > IDEMPOTENCY_KEEP_MS
    return false
  }

  #expiryRows() {
    return this.#table.scan(
      new Uint8Array([space.idempotencyExpiry]),
      new Uint8Array([space.idempotencyExpiry + 1]),
    )
  }
}

function rowKey(idempotencyKey: string): Uint8Array {
  const name = utf8(idempotencyKey)
  const key = new Uint8Array(1 + name.length)
  key[0] = space.idempotency
  key.set(name, 1)
  return key
}

/** Tells another request under the same key from a retry. */
function fingerprint(command: CommitCommand): number {
  let sum = 0
  const number = new Uint8Array(8)
  for (const { key, version } of command.comparisons) {
    viewOf(number).setFloat64(0, version)
    sum = checksum(number, checksum(key, sum))
  }
  for (const operation of command.operations) sum = fingerprintOperation(operation, sum)
  return sum
}

function fingerprintOperation(operation: CommandOperation, seed: number): number {
  const sum = checksum(operation.key, checksum(utf8(operation.kind), seed))
  if (operation.kind === 'delete') return sum
  const withValue = checksum(operation.value, sum)
  const { ttlMs, lease } = operation
  if (ttlMs !== undefined) return checksum(utf8(`ttl ${ttlMs}`), withValue)
  if (lease !== undefined) return checksum(utf8(`lease ${lease}`), withValue)
  return withValue
}
