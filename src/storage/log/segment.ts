import { assert } from '../../foundation/assert.ts'
import { text, utf8 } from '../../foundation/bytes.ts'
import { checksum } from '../../foundation/checksum.ts'
import type { NodeId } from '../../foundation/ids.ts'
import { nodeId } from '../../foundation/ids.ts'

/**
 * What the log takes as the unit that a disk writes whole. Every batch begins on such a boundary, so a torn write never
 * touches a batch that was synced before, and recovery finds batches by looking at boundaries only.
 */
export const SECTOR_BYTES = 512

const SEGMENT_FORMAT = 1

/** Who writes a log: a segment of anybody else is refused. */
export interface LogOwner {
  readonly clusterId: string
  readonly nodeId: NodeId
  /** Segments may also carry these: see `Identity`. Never written. */
  readonly formerClusterIds?: readonly string[] | undefined
}

/** The first sector of a segment; written together with its first batch. */
export interface SegmentHeader {
  readonly owner: LogOwner
  /** Position among the segments of this log, from 1; also its file name. */
  readonly sequence: number
  /** The sequence of the first batch: one more than the last batch of the segment before. */
  readonly firstBatch: number
  /** Drawn at random for each segment and repeated in its batches: no value that a client stores can pass for one. */
  readonly salt: number
}

export type ParsedSegmentHeader =
  | { readonly kind: 'valid'; readonly header: SegmentHeader }
  /** Prepared, never used. */
  | { readonly kind: 'unused' }
  | { readonly kind: 'newer'; readonly format: number }
  | { readonly kind: 'damaged' }

const MAGIC = utf8('DURE-LOG')
const CRC_AT = 12
const COVERED_FROM = 16
const CLUSTER_ID_BYTES_MAX = SECTOR_BYTES - 42

export function segmentName(sequence: number): string {
  return `${sequence.toString().padStart(16, '0')}.log`
}

/** The sequence that a file name states; undefined for a file that is not a segment. */
export function segmentSequence(name: string): number | undefined {
  return /^\d{16}\.log$/.test(name) ? Number(name.slice(0, 16)) : undefined
}

export function setWhole(view: DataView, at: number, value: number): void {
  view.setUint32(at, Math.floor(value / 2 ** 32))
  view.setUint32(at + 4, value >>> 0)
}

export function getWhole(view: DataView, at: number): number {
  return view.getUint32(at) * 2 ** 32 + view.getUint32(at + 4)
}

/** Fills the first sector of `bytes`. */
export function writeSegmentHeader(bytes: Uint8Array, view: DataView, header: SegmentHeader): void {
  bytes.fill(0, 0, SECTOR_BYTES)
  bytes.set(MAGIC)
  view.setUint32(8, SEGMENT_FORMAT)
  view.setUint32(16, header.owner.nodeId)
  view.setUint32(20, header.salt)
  setWhole(view, 24, header.sequence)
  setWhole(view, 32, header.firstBatch)
  const clusterId = utf8(header.owner.clusterId)
  assert(clusterId.length <= CLUSTER_ID_BYTES_MAX, 'a cluster id fits into the head of a segment')
  view.setUint16(40, clusterId.length)
  bytes.set(clusterId, 42)
  view.setUint32(CRC_AT, checksum(bytes.subarray(COVERED_FROM, SECTOR_BYTES)))
}

export function readSegmentHeader(bytes: Uint8Array): ParsedSegmentHeader {
  const sector = bytes.subarray(0, SECTOR_BYTES)
  if (isZero(sector)) return { kind: 'unused' }
  if (sector.length < SECTOR_BYTES || MAGIC.some((byte, i) => sector[i] !== byte)) return { kind: 'damaged' }
  const view = new DataView(sector.buffer, sector.byteOffset, sector.length)
  const format = view.getUint32(8)
  if (format > SEGMENT_FORMAT) return { kind: 'newer', format }
  const clusterIdLength = view.getUint16(40)
  if (
    format !== SEGMENT_FORMAT ||
    clusterIdLength > CLUSTER_ID_BYTES_MAX ||
    view.getUint32(CRC_AT) !== checksum(sector.subarray(COVERED_FROM))
  ) {
    return { kind: 'damaged' }
  }
  return {
    kind: 'valid',
    header: {
      owner: {
        nodeId: nodeId(view.getUint32(16)),
        clusterId: text(sector.subarray(42, 42 + clusterIdLength)),
      },
      salt: view.getUint32(20),
      sequence: getWhole(view, 24),
      firstBatch: getWhole(view, 32),
    },
  }
}

export function isZero(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== 0) return false
  return true
}

export const alignToSector = (bytes: number): number => Math.ceil(bytes / SECTOR_BYTES) * SECTOR_BYTES
