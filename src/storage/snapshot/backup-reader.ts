import { compareBytes, concatBytes, equalBytes, text } from '../../foundation/bytes.ts'
import { checksum } from '../../foundation/checksum.ts'
import { DureError } from '../../foundation/errors.ts'
import type { Row } from '../table/table.ts'
import {
  BACKUP_FORMAT,
  type BackupHeader,
  type BackupTrailer,
  CHUNK_RECORD,
  type Digest,
  HEADER_RECORD,
  hex,
  MAGIC,
  PREAMBLE_BYTES,
  RECORD_BYTES_MAX,
  RECORD_HEADER_BYTES,
  TRAILER_RECORD,
} from './backup-format.ts'
import { decodeChunk } from './chunk-codec.ts'

/**
 * Reads a backup as its bytes come, and believes none of them before they are checked.
 *
 * ```ts
 * const reader = new BackupReader('./snapshot.dure', createHash('sha256'))
 * for await (const bytes of file) for (const rows of reader.push(bytes)) use(rows)
 * const { rows } = reader.end()
 * ```
 *
 * Errors: `invalid` (no backup at all), `data-directory` (of a newer format), `corrupt` (cut off or changed); each names
 * the source, the byte and what to do. Only after `end` is it known that all of it was there.
 */
export class BackupReader {
  readonly #source: string
  readonly #digest: Digest
  #pending: Uint8Array = new Uint8Array(0)
  /** Came after `#pending`; put together once the record that begins there is whole. */
  #parts: Uint8Array[] = []
  #partBytes = 0
  #wantedBytes = PREAMBLE_BYTES
  /** Of the first pending byte. */
  #offset = 0
  #records = 0
  #header: BackupHeader | undefined
  #trailer: BackupTrailer | undefined
  #lastKey: Uint8Array | undefined
  #chunks = 0
  #rows = 0
  #rowBytes = 0

  constructor(source: string, digest: Digest) {
    this.#source = source
    this.#digest = digest
  }

  /** Undefined until it has come. */
  get header(): BackupHeader | undefined {
    return this.#header
  }

  /** The chunks of rows that these bytes complete; they are views of `bytes` or of what came before. */
  push(bytes: Uint8Array): Row[][] {
    this.#parts.push(bytes)
    this.#partBytes += bytes.length
    if (this.#pending.length + this.#partBytes < this.#wantedBytes) return []
    this.#gather()
    const chunks: Row[][] = []
    if (this.#offset === 0 && !this.#takePreamble()) return chunks
    for (;;) {
      const found = this.#takeRecord()
      if (found === undefined) return chunks
      if (found.length > 0) chunks.push(found)
    }
  }

  /** Nothing more comes. Answers only when the backup was whole. */
  end(): { readonly header: BackupHeader; readonly trailer: BackupTrailer } {
    this.#gather()
    // What is too short for a beginning may still be told from one.
    if (this.#offset === 0) this.#takePreamble()
    if (this.#header !== undefined && this.#trailer !== undefined && this.#pending.length === 0) {
      return { header: this.#header, trailer: this.#trailer }
    }
    const at = this.#offset + this.#pending.length
    if (at === 0) throw this.#corrupt(0, 'it is empty')
    throw this.#corrupt(at, 'it ends here, in the middle')
  }

  #gather(): void {
    const isOne = this.#pending.length === 0 && this.#parts.length === 1
    this.#pending = isOne ? this.#parts[0]! : concatBytes([this.#pending, ...this.#parts])
    this.#parts = []
    this.#partBytes = 0
  }

  #takePreamble(): boolean {
    const found = this.#pending.subarray(0, MAGIC.length)
    if (!equalBytes(found, MAGIC.subarray(0, found.length))) {
      throw new DureError(
        'invalid',
        `${this.#source} is not a backup of Dure: it begins with other bytes. Name a file that dure backup wrote`,
      )
    }
    if (this.#pending.length < PREAMBLE_BYTES) return false
    const format = viewOf(this.#pending).getUint32(MAGIC.length)
    if (format > BACKUP_FORMAT) {
      throw new DureError(
        'data-directory',
        `${this.#source} is a backup of format ${format}, and this version of Dure knows formats up to ${BACKUP_FORMAT}: use the version that wrote it, or a later one`,
      )
    }
    if (format === 0) throw this.#corrupt(MAGIC.length, 'it has format 0, which never was')
    this.#take(PREAMBLE_BYTES)
    return true
  }

  /** The rows of the next record, none for a header or trailer; undefined when it is not all there. */
  #takeRecord(): Row[] | undefined {
    this.#wantedBytes = RECORD_HEADER_BYTES
    if (this.#pending.length === 0) return undefined
    if (this.#trailer !== undefined) throw this.#corrupt(this.#offset, 'something follows its end')
    if (this.#pending.length < RECORD_HEADER_BYTES) return undefined
    const view = viewOf(this.#pending)
    const kind = view.getUint8(0)
    const length = view.getUint32(1)
    if (kind < HEADER_RECORD || kind > TRAILER_RECORD || length > RECORD_BYTES_MAX) {
      throw this.#corrupt(this.#offset, 'no record begins here')
    }
    this.#wantedBytes = RECORD_HEADER_BYTES + length
    if (this.#pending.length < this.#wantedBytes) return undefined
    const payload = this.#pending.subarray(RECORD_HEADER_BYTES, RECORD_HEADER_BYTES + length)
    const expected = checksum(payload, checksum(this.#pending.subarray(0, 5), this.#records))
    if (view.getUint32(5) !== expected) {
      throw this.#corrupt(
        this.#offset,
        `record ${this.#records}, ${length} bytes, does not match its checksum`,
      )
    }
    if ((kind === HEADER_RECORD) !== (this.#records === 0)) {
      throw this.#corrupt(this.#offset, 'the header is not the first record')
    }
    this.#records++
    const rows = this.#understand(kind, payload)
    this.#take(RECORD_HEADER_BYTES + length, kind !== TRAILER_RECORD)
    return rows
  }

  #understand(kind: number, payload: Uint8Array): Row[] {
    switch (kind) {
      case HEADER_RECORD:
        this.#header = this.#parse(payload, isHeader)
        return []
      case CHUNK_RECORD:
        return this.#chunk(payload)
      default: {
        const trailer = this.#parse(payload, isTrailer)
        const found = { chunks: this.#chunks, rows: this.#rows, rowBytes: this.#rowBytes }
        for (const name of ['chunks', 'rows', 'rowBytes'] as const) {
          if (trailer[name] === found[name]) continue
          throw this.#corrupt(
            this.#offset,
            `it should hold ${trailer[name]} ${name}, and holds ${found[name]}`,
          )
        }
        if (trailer.sha256 !== hex(this.#digest.digest())) {
          throw this.#corrupt(this.#offset, 'the SHA-256 of what comes before does not match')
        }
        this.#trailer = trailer
        return []
      }
    }
  }

  #chunk(payload: Uint8Array): Row[] {
    let rows: Row[]
    try {
      rows = decodeChunk(payload)
    } catch {
      throw this.#corrupt(this.#offset, 'a chunk does not match its own checksum')
    }
    for (const { key, value } of rows) {
      if (this.#lastKey !== undefined && compareBytes(this.#lastKey, key) >= 0) {
        throw this.#corrupt(this.#offset, 'rows are not in the order of their keys')
      }
      this.#lastKey = key
      this.#rowBytes += key.length + value.length
    }
    this.#chunks++
    this.#rows += rows.length
    return rows
  }

  #parse<Value>(payload: Uint8Array, is: (value: unknown) => value is Value): Value {
    let value: unknown
    try {
      value = JSON.parse(text(payload))
    } catch {
      value = undefined
    }
    if (is(value)) return value
    throw this.#corrupt(this.#offset, 'a header or trailer says what makes no sense')
  }

  #take(count: number, isDigested = true): void {
    if (isDigested) this.#digest.update(this.#pending.subarray(0, count))
    this.#pending = this.#pending.subarray(count)
    this.#offset += count
  }

  #corrupt(offset: number, found: string): DureError {
    return new DureError(
      'corrupt',
      `${this.#source}, byte ${offset}: ${found}. The backup was cut off, damaged or edited: use another copy, or take a new backup`,
    )
  }
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const isWhole = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

const isNodes = (value: unknown): boolean => Array.isArray(value) && value.every(isWhole)

function isHeader(value: unknown): value is BackupHeader {
  if (typeof value !== 'object' || value === null) return false
  const { clusterId, nodeId, index, term, membership, logTimeMs, version, createdAtMs } =
    value as Partial<BackupHeader>
  return (
    typeof clusterId === 'string' &&
    typeof version === 'string' &&
    [nodeId, index, term].every(isWhole) &&
    [logTimeMs, createdAtMs].every((time) => typeof time === 'number' && time >= 0) &&
    isNodes(membership?.voters) &&
    isNodes(membership?.votersOutgoing) &&
    isNodes(membership?.learners)
  )
}

function isTrailer(value: unknown): value is BackupTrailer {
  if (typeof value !== 'object' || value === null) return false
  const { chunks, rows, rowBytes, sha256 } = value as Partial<BackupTrailer>
  return [chunks, rows, rowBytes].every(isWhole) && typeof sha256 === 'string'
}
