import { type LeaseId, leaseId } from '../../../foundation/ids.ts'
import type { StoredRow } from '../../../ports/key-value/key-value-store.ts'
import { type Version, versionFromNumber } from '../../../ports/key-value/version.ts'
import type { Row } from '../../../storage/table/table.ts'

/**
 * How the state machine lays its state out in the table: the first byte of a row's key is its space, so that all of
 * it is one ordered set of rows that one snapshot carries.
 */
export const space = {
  /** One row: the log time. */
  time: 0x00,
  session: 0x01,
  idempotency: 0x02,
  idempotencyExpiry: 0x03,
  lease: 0x04,
  /** By lease and key: the keys that go with it. */
  leaseKey: 0x05,
  /** By time and key: the keys that go by themselves. */
  expiry: 0x06,
  /** By index: blocks of the change feed. */
  change: 0x07,
  /** One row: where the change feed begins. */
  changeStart: 0x08,
  /** Where members listen, and whose ids are used up. */
  member: 0x09,
  /** Users' keys; the last space, so that a range to the end needs no bound. */
  user: 0x10,
} as const

const VERSION_BYTES = 8
/** A version is positive, so its sign is free: set, it says that an attachment stands between version and value. */
const ATTACHED = 0x80
const ATTACHED_BYTES = VERSION_BYTES + 1 + 8
const BY_LEASE = 1
const BY_TIME = 2

/** What makes a value go by itself. */
export type Attachment =
  | { readonly kind: 'lease'; readonly lease: LeaseId }
  /** Gone once log time is beyond this. */
  | { readonly kind: 'expiry'; readonly expiresAtMs: number }

/** The table's key of a user's key. */
export function userRowKey(key: Uint8Array): Uint8Array {
  const rowKey = Buffer.allocUnsafe(key.length + 1)
  rowKey[0] = space.user
  rowKey.set(key, 1)
  return rowKey
}

/**
 * Version (8 bytes, big endian double, negative with an attachment), then the attachment (its kind, one byte, and a lease
 * or a time, 8 bytes), then the value. One copy of the value: it must not pin a network buffer.
 */
export function userRowValue(
  version: Version,
  value: Uint8Array,
  attachment: Attachment | undefined,
): Uint8Array {
  if (attachment !== undefined) return attachedRowValue(version, value, attachment)
  const row = Buffer.allocUnsafe(VERSION_BYTES + value.length)
  row.writeDoubleBE(version, 0)
  row.set(value, VERSION_BYTES)
  return row
}

function attachedRowValue(version: Version, value: Uint8Array, attachment: Attachment): Uint8Array {
  const row = Buffer.allocUnsafe(ATTACHED_BYTES + value.length)
  row.writeDoubleBE(-version, 0)
  if (attachment.kind === 'lease') {
    row[VERSION_BYTES] = BY_LEASE
    row.writeDoubleBE(attachment.lease, VERSION_BYTES + 1)
  } else {
    row[VERSION_BYTES] = BY_TIME
    row.writeDoubleBE(attachment.expiresAtMs, VERSION_BYTES + 1)
  }
  row.set(value, ATTACHED_BYTES)
  return row
}

export function rowVersion(row: Uint8Array): Version {
  return versionFromNumber(Math.abs(viewOf(row).getFloat64(0)))
}

/** What `rowAttachment` needs of a row. */
export const ROW_HEAD_BYTES = ATTACHED_BYTES

export function rowAttachment(row: Uint8Array): Attachment | undefined {
  if (row[0]! < ATTACHED) return undefined
  const number = viewOf(row).getFloat64(VERSION_BYTES + 1)
  if (row[VERSION_BYTES] === BY_LEASE) return { kind: 'lease', lease: leaseId(number) }
  return { kind: 'expiry', expiresAtMs: number }
}

export const rowContent = (row: Uint8Array): Uint8Array =>
  row.subarray(row[0]! < ATTACHED ? VERSION_BYTES : ATTACHED_BYTES)

/** A row of the table as the port shows it. */
export function storedRow(row: Row): StoredRow {
  return { key: row.key.subarray(1), value: rowContent(row.value), version: rowVersion(row.value) }
}

/** A key of a space that orders by number, then by bytes. */
export function systemRowKey(inSpace: number, number: number, bytes?: Uint8Array): Uint8Array {
  const rowKey = new Uint8Array(9 + (bytes?.length ?? 0))
  rowKey[0] = inSpace
  // Positive doubles order like their bytes.
  viewOf(rowKey).setFloat64(1, number)
  if (bytes !== undefined) rowKey.set(bytes, 9)
  return rowKey
}

export const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
