import { checksum } from '../../foundation/checksum.ts'
import { DureError } from '../../foundation/errors.ts'
import type { Row } from '../table/table.ts'

/** Rows gather into a chunk until it is about this large. */
export const CHUNK_BYTES = 256 << 10

const HEADER_BYTES = 8
const ROW_HEADER_BYTES = 8

/**
 * One chunk of a table's snapshot: rows in order of their keys.
 *
 * Layout, big endian: checksum of all that follows (u32), number of rows (u32), then for each row key length (u32), value
 * length (u32), key, value.
 */
export function encodeChunk(rows: readonly Row[]): Uint8Array {
  let sizeBytes = HEADER_BYTES
  for (const { key, value } of rows) sizeBytes += ROW_HEADER_BYTES + key.length + value.length
  const bytes = new Uint8Array(sizeBytes)
  const view = new DataView(bytes.buffer)
  view.setUint32(4, rows.length)
  let offset = HEADER_BYTES
  for (const { key, value } of rows) {
    view.setUint32(offset, key.length)
    view.setUint32(offset + 4, value.length)
    bytes.set(key, offset + ROW_HEADER_BYTES)
    bytes.set(value, offset + ROW_HEADER_BYTES + key.length)
    offset += ROW_HEADER_BYTES + key.length + value.length
  }
  view.setUint32(0, checksum(bytes.subarray(4)))
  return bytes
}

/** How much a chunk holds, without a look at its rows. */
export function chunkSize(bytes: Uint8Array): { readonly rows: number; readonly rowBytes: number } {
  const rows = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(4)
  return { rows, rowBytes: bytes.length - HEADER_BYTES - rows * ROW_HEADER_BYTES }
}

/** The rows, as views of `bytes`. Throws `corrupt` when the chunk is not what was written. */
export function decodeChunk(bytes: Uint8Array): Row[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < HEADER_BYTES || view.getUint32(0) !== checksum(bytes.subarray(4))) throw damaged(bytes)
  const rows: Row[] = []
  let offset = HEADER_BYTES
  for (let left = view.getUint32(4); left > 0; left--) {
    if (offset + ROW_HEADER_BYTES > bytes.length) throw damaged(bytes)
    const keyEnd = offset + ROW_HEADER_BYTES + view.getUint32(offset)
    const valueEnd = keyEnd + view.getUint32(offset + 4)
    if (valueEnd > bytes.length) throw damaged(bytes)
    rows.push({
      key: bytes.subarray(offset + ROW_HEADER_BYTES, keyEnd),
      value: bytes.subarray(keyEnd, valueEnd),
    })
    offset = valueEnd
  }
  if (offset !== bytes.length) throw damaged(bytes)
  return rows
}

const damaged = (bytes: Uint8Array): DureError =>
  new DureError(
    'corrupt',
    `a chunk of ${bytes.length} bytes of a snapshot does not match its checksum: ask for it again`,
  )
