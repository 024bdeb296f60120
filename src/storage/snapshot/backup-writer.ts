import { assert } from '../../foundation/assert.ts'
import { concatBytes, utf8 } from '../../foundation/bytes.ts'
import { checksum } from '../../foundation/checksum.ts'
import {
  BACKUP_FORMAT,
  type BackupHeader,
  type BackupTrailer,
  CHUNK_RECORD,
  type Digest,
  HEADER_RECORD,
  hex,
  MAGIC,
  RECORD_BYTES_MAX,
  RECORD_HEADER_BYTES,
  TRAILER_RECORD,
} from './backup-format.ts'
import { chunkSize } from './chunk-codec.ts'

/**
 * Makes the bytes of a backup, part by part; whoever calls it writes them one after another.
 *
 * ```ts
 * const writer = new BackupWriter(createHash('sha256'))
 * write(writer.header(header))
 * for (const chunk of chunks) write(writer.chunk(chunk))
 * write(writer.trailer())
 * ```
 */
export class BackupWriter {
  readonly #digest: Digest
  #records = 0
  #chunks = 0
  #rows = 0
  #rowBytes = 0

  constructor(digest: Digest) {
    this.#digest = digest
  }

  header(header: BackupHeader): Uint8Array {
    assert(this.#records === 0, 'the header comes first')
    const preamble = new Uint8Array(MAGIC.length + 4)
    preamble.set(MAGIC)
    new DataView(preamble.buffer).setUint32(MAGIC.length, BACKUP_FORMAT)
    return this.#digested(concatBytes([preamble, this.#record(HEADER_RECORD, utf8(JSON.stringify(header)))]))
  }

  /** `bytes` as `encodeChunk` made them. */
  chunk(bytes: Uint8Array): Uint8Array {
    assert(this.#records > 0, 'chunks come after the header')
    const { rows, rowBytes } = chunkSize(bytes)
    this.#chunks++
    this.#rows += rows
    this.#rowBytes += rowBytes
    return this.#digested(this.#record(CHUNK_RECORD, bytes))
  }

  /** The end: a file without it is not whole. */
  trailer(): Uint8Array {
    assert(this.#records > 0, 'a backup has a header')
    const trailer: BackupTrailer = {
      chunks: this.#chunks,
      rows: this.#rows,
      rowBytes: this.#rowBytes,
      sha256: hex(this.#digest.digest()),
    }
    return this.#record(TRAILER_RECORD, utf8(JSON.stringify(trailer)))
  }

  #digested(bytes: Uint8Array): Uint8Array {
    this.#digest.update(bytes)
    return bytes
  }

  #record(kind: number, payload: Uint8Array): Uint8Array {
    assert(payload.length <= RECORD_BYTES_MAX, 'a record of a backup is within its bound')
    const record = new Uint8Array(RECORD_HEADER_BYTES + payload.length)
    const view = new DataView(record.buffer)
    view.setUint8(0, kind)
    view.setUint32(1, payload.length)
    record.set(payload, RECORD_HEADER_BYTES)
    view.setUint32(5, checksum(payload, checksum(record.subarray(0, 5), this.#records++)))
    return record
  }
}
