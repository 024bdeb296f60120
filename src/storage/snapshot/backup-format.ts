import { utf8 } from '../../foundation/bytes.ts'
import type { LogIndex, NodeId, Term } from '../../foundation/ids.ts'
import type { Membership } from '../../protocols/raft/membership.ts'

/**
 * A backup: the rows of a cluster at one place of its log, in one file that is read from front to back.
 *
 * | what | bytes |
 * | --- | --- |
 * | magic | 12, `dure backup` and a line feed |
 * | format | 4, big endian: 1 |
 * | records | a header, any number of chunks, a trailer; nothing after it |
 *
 * A record is its kind (1), the length of its payload (4), a CRC-32 (4), the payload. The CRC-32 covers kind, length and
 * payload, and begins with the number of the record: one that is missing, doubled or moved fails the check of the next.
 *
 * | kind | payload |
 * | --- | --- |
 * | 1, header | `BackupHeader` as JSON |
 * | 2, chunk | rows, as a snapshot sends them (`chunk-codec.ts`), in the order of their keys |
 * | 3, trailer | `BackupTrailer` as JSON: how much there is, and a SHA-256 of every byte before this record |
 *
 * The rows are those of the table, all spaces of them: a backup loses nothing, a restore chooses.
 */
export const BACKUP_FORMAT = 1

export const MAGIC = utf8('dure backup\n')
export const PREAMBLE_BYTES = MAGIC.length + 4
export const RECORD_HEADER_BYTES = 9
/** Far more than a chunk with the largest value: a length beyond it was not written by us. */
export const RECORD_BYTES_MAX = 64 << 20

export const HEADER_RECORD = 1
export const CHUNK_RECORD = 2
export const TRAILER_RECORD = 3

export interface BackupHeader {
  readonly clusterId: string
  /** The node that wrote it. */
  readonly nodeId: NodeId
  /** Everything up to this place of the log is in it, nothing after. */
  readonly index: LogIndex
  readonly term: Term
  readonly membership: Membership
  /** The cluster's own time at that place: leases and times to live count by it. */
  readonly logTimeMs: number
  /** The version of Dure that wrote it. */
  readonly version: string
  /** By the wall clock of the node. */
  readonly createdAtMs: number
}

export interface BackupTrailer {
  readonly chunks: number
  readonly rows: number
  /** Keys and values. */
  readonly rowBytes: number
  readonly sha256: string
}

/** A running SHA-256; `createHash('sha256')` of `node:crypto` is one. Passed in, as this folder has no such door. */
export interface Digest {
  update(bytes: Uint8Array): unknown
  digest(): Uint8Array
}

export const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
