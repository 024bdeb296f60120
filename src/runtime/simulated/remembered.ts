import { checksum } from '../../foundation/checksum.ts'
import type { ByteSlab } from './byte-slab.ts'

/** What bytes were: a copy of few, a checksum of many, or that all of them were zero. */
export type Remembered = Uint8Array | number | 'zeros'

const COPIED_BYTES_MAX = 4_096
const zeros = new Uint8Array(COPIED_BYTES_MAX)

/** To tell later whether somebody wrote into them: comparing with a copy is faster than two checksums. */
export function remember(bytes: Uint8Array, slab: ByteSlab): Remembered {
  if (bytes.length <= COPIED_BYTES_MAX) return slab.copy(bytes)
  return isZeros(bytes) ? 'zeros' : checksum(bytes)
}

export function isUntouched(bytes: Uint8Array, remembered: Remembered): boolean {
  if (remembered === 'zeros') return isZeros(bytes)
  if (typeof remembered === 'number') return checksum(bytes) === remembered
  return Buffer.compare(bytes, remembered) === 0
}

export function isZeros(bytes: Uint8Array): boolean {
  for (let at = 0; at < bytes.length; at += COPIED_BYTES_MAX) {
    if (bytes[at] !== 0) return false
    const piece = bytes.subarray(at, at + COPIED_BYTES_MAX)
    const expected = piece.length === COPIED_BYTES_MAX ? zeros : zeros.subarray(0, piece.length)
    if (Buffer.compare(piece, expected) !== 0) return false
  }
  return true
}
