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
  /** Users' keys; the last space, so that a range to the end needs no bound. */
  user: 0x10,
} as const

const VERSION_BYTES = 8

/** The table's key of a user's key. */
export function userRowKey(key: Uint8Array): Uint8Array {
  const rowKey = Buffer.allocUnsafe(key.length + 1)
  rowKey[0] = space.user
  rowKey.set(key, 1)
  return rowKey
}

/** Version (8 bytes, big endian double), then the value. One copy of the value: it must not pin a network buffer. */
export function userRowValue(version: Version, value: Uint8Array): Uint8Array {
  const row = Buffer.allocUnsafe(VERSION_BYTES + value.length)
  row.writeDoubleBE(version, 0)
  row.set(value, VERSION_BYTES)
  return row
}

export function rowVersion(row: Uint8Array): Version {
  return versionFromNumber(viewOf(row).getFloat64(0))
}

export const rowContent = (row: Uint8Array): Uint8Array => row.subarray(VERSION_BYTES)

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
