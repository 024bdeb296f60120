import { crc32 } from 'node:zlib'

/**
 * CRC-32 (ISO-HDLC, as in gzip), unsigned. `seed` continues a checksum or binds it to a place:
 * a record read from where it was not written then fails its check.
 *
 * `node:zlib` is the one import of this folder: the function is pure and native code runs at memory speed.
 */
export function checksum(bytes: Uint8Array, seed = 0): number {
  return crc32(bytes, seed)
}
