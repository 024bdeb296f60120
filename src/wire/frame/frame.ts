import { checksum } from '../../foundation/checksum.ts'

/** `[u32 payload bytes][u32 checksum][payload]`, little-endian. The checksum starts from the length, so covers both. */
export const HEADER_BYTES = 8

/** Holds the largest commit with room to spare. A larger message is a bug or an attack. */
export const PAYLOAD_BYTES_MAX = 8 << 20

/** Mixed into the start of each checksum: a stream of zeros is not a stream of empty frames. */
const CHECKSUM_SALT = 0x44757265

export function frameChecksum(payload: Uint8Array): number {
  return checksum(payload, (payload.length ^ CHECKSUM_SALT) >>> 0)
}

/** Writes what stands before `payload`; eight stores beat a `DataView` that would have to be made for each chunk. */
export function writeHeader(target: Uint8Array, offset: number, payload: Uint8Array): void {
  const length = payload.length
  const check = frameChecksum(payload)
  target[offset] = length
  target[offset + 1] = length >>> 8
  target[offset + 2] = length >>> 16
  target[offset + 3] = length >>> 24
  target[offset + 4] = check
  target[offset + 5] = check >>> 8
  target[offset + 6] = check >>> 16
  target[offset + 7] = check >>> 24
}

export function readUint32(bytes: Uint8Array, offset: number): number {
  return (
    (bytes[offset]! | (bytes[offset + 1]! << 8) | (bytes[offset + 2]! << 16) | (bytes[offset + 3]! << 24)) >>>
    0
  )
}
