import { checksum } from '../../../foundation/checksum.ts'
import { DureError } from '../../../foundation/errors.ts'
import { REPLACE_NODE } from '../../identity/replace-node.ts'

/** A row's value as LMDB holds it: checksum of key and value (u32, big endian), value. */
export const CHECKSUM_BYTES = 4

/** Covers the whole key, group and generation included: a row that turns up elsewhere fails. */
export const rowChecksum = (storedKey: Uint8Array, value: Uint8Array): number =>
  checksum(value, checksum(storedKey))

/** The value, as a view of `stored`, and not as a `Buffer`, whose `slice` does not copy. */
export function verifyRow(storedKey: Uint8Array, stored: Uint8Array): Uint8Array {
  if (stored.length >= CHECKSUM_BYTES) {
    const value = new Uint8Array(
      stored.buffer,
      stored.byteOffset + CHECKSUM_BYTES,
      stored.length - CHECKSUM_BYTES,
    )
    const found = ((stored[0]! << 24) | (stored[1]! << 16) | (stored[2]! << 8) | stored[3]!) >>> 0
    if (found === rowChecksum(storedKey, value)) return value
  }
  throw damaged(storedKey, stored)
}

function damaged(storedKey: Uint8Array, stored: Uint8Array): DureError {
  const key = Buffer.from(storedKey.subarray(0, 64)).toString('hex')
  return new DureError(
    'corrupt',
    `a row of the table (key ${key}, ${stored.length} bytes) does not match its checksum: the table must be built again from its peers. Stop this node, and ${REPLACE_NODE}`,
  )
}
