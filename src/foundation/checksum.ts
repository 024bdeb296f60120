import { crc32 } from 'node:zlib'

/** Up to here a loop over a table beats the call into native code, which costs as much as some dozen bytes. */
const LOOP_BYTES_MAX = 32

const table = new Int32Array(256).map((_, byte) => {
  let remainder = byte
  for (let bit = 0; bit < 8; bit++)
    remainder = remainder & 1 ? (remainder >>> 1) ^ 0xedb88320 : remainder >>> 1
  return remainder
})

/**
 * CRC-32 (ISO-HDLC, as in gzip), unsigned. `seed` continues a checksum or binds it to a place:
 * a record read from where it was not written then fails its check.
 *
 * `node:zlib` is the one import of this folder: the function is pure and native code runs at memory speed.
 */
export function checksum(bytes: Uint8Array, seed = 0): number {
  if (bytes.length > LOOP_BYTES_MAX) return crc32(bytes, seed)
  let remainder = ~seed
  for (let i = 0; i < bytes.length; i++)
    remainder = table[(remainder ^ bytes[i]!) & 0xff]! ^ (remainder >>> 8)
  return ~remainder >>> 0
}
