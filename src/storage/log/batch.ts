import { checksum } from '../../foundation/checksum.ts'
import { getWhole, SECTOR_BYTES, setWhole } from './segment.ts'

/**
 * The head of a batch: what one write and one sync carried. It names its own place (segment, offset), so a batch that
 * the disk put elsewhere is told from one that was torn.
 *
 * | at | bytes | |
 * | --- | --- | --- |
 * | 0 | 4 | magic |
 * | 4 | 4 | CRC-32 of everything after it, body included |
 * | 8 | 4 | bytes of the body |
 * | 12 | 4 | salt of the segment |
 * | 16 | 8 | sequence of the segment |
 * | 24 | 8 | sequence of the batch, growing by one over all segments |
 * | 32 | 4 | offset in the segment, in sectors |
 * | 36 | 4 | zero |
 */
export const BATCH_HEADER_BYTES = 40

const MAGIC = 0x44755265
const COVERED_FROM = 8

export interface BatchHeader {
  readonly salt: number
  readonly segment: number
  readonly sequence: number
  readonly offsetBytes: number
}

export interface Batch extends BatchHeader {
  readonly body: Uint8Array
  /** Where the next batch begins, if there is one. */
  readonly endBytes: number
}

/** Writes the head of a batch that begins at `at`, its body of `bodyBytes` right behind it. */
export function writeBatchHeader(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  bodyBytes: number,
  header: BatchHeader,
): void {
  view.setUint32(at, MAGIC)
  view.setUint32(at + 8, bodyBytes)
  view.setUint32(at + 12, header.salt)
  setWhole(view, at + 16, header.segment)
  setWhole(view, at + 24, header.sequence)
  view.setUint32(at + 32, header.offsetBytes / SECTOR_BYTES)
  view.setUint32(at + 36, 0)
  view.setUint32(at + 4, checksum(bytes.subarray(at + COVERED_FROM, at + BATCH_HEADER_BYTES + bodyBytes)))
}

/** The batch that begins at `at` in `bytes`, intact though perhaps not where it belongs; undefined when there is none. */
export function readBatch(bytes: Uint8Array, view: DataView, at: number): Batch | undefined {
  if (at + BATCH_HEADER_BYTES > bytes.length || view.getUint32(at) !== MAGIC) return undefined
  const bodyBytes = view.getUint32(at + 8)
  const end = at + BATCH_HEADER_BYTES + bodyBytes
  if (end > bytes.length) return undefined
  if (view.getUint32(at + 4) !== checksum(bytes.subarray(at + COVERED_FROM, end))) return undefined
  return {
    salt: view.getUint32(at + 12),
    segment: getWhole(view, at + 16),
    sequence: getWhole(view, at + 24),
    offsetBytes: view.getUint32(at + 32) * SECTOR_BYTES,
    body: bytes.subarray(at + BATCH_HEADER_BYTES, end),
    endBytes: Math.ceil(end / SECTOR_BYTES) * SECTOR_BYTES,
  }
}

/** Bytes of the batch that claims to begin at `at`, read from its head alone; undefined when nothing claims to. */
export function batchLength(bytes: Uint8Array, view: DataView, at: number): number | undefined {
  if (at + BATCH_HEADER_BYTES > bytes.length || view.getUint32(at) !== MAGIC) return undefined
  return BATCH_HEADER_BYTES + view.getUint32(at + 8)
}
