import { assert } from '../../../../foundation/assert.ts'
import { rowName } from '../key.ts'
import { HEADER_BYTES, HEADER_WORDS, type PackedRows, REMOVED, WORD_BYTES } from './packed-rows.ts'
import { CHUNK_BYTES, type Chunk, type ChunkPool, makeChunk } from './row-chunks.ts'

/** Which row: its chunk's number times `CHUNK_WORDS`, and the word it begins at. Below 2^31, so 8 GiB. */
export type RowAddress = number

const CHUNK_WORDS = CHUNK_BYTES / WORD_BYTES
const CHUNKS_MAX = 2 ** 31 / CHUNK_WORDS

/**
 * Row changes in a few large blocks of memory, in the order in which their keys came (see `PackedRows`). The garbage
 * collector sees the blocks and not the rows: a hundred thousand rows as objects made a fifth of the work of a node.
 *
 * Bytes that are given out are copies.
 */
export class RowArena {
  readonly #pool: ChunkPool
  readonly #chunks: Chunk[] = []
  #sizeBytes = 0

  constructor(pool: ChunkPool) {
    this.#pool = pool
  }

  /** With what surrounds the rows, and those that were superseded. */
  get sizeBytes(): number {
    return this.#sizeBytes
  }

  append(key: Uint8Array, value: Uint8Array | undefined): RowAddress {
    const room = roomFor(key, value)
    const chunk = this.#chunkFor(room)
    const { bytes, words, usedBytes } = chunk
    const word = usedBytes / WORD_BYTES
    words[word] = room
    words[word + 1] = key.length
    bytes.set(key, usedBytes + HEADER_BYTES)
    putValue(chunk, word, key.length, value)
    chunk.usedBytes += room
    this.#sizeBytes += room
    return (this.#chunks.length - 1) * CHUNK_WORDS + word
  }

  /** Writes another value in the place of the row's; false when it does not fit. */
  overwrite(address: RowAddress, key: Uint8Array, value: Uint8Array | undefined): boolean {
    const chunk = this.#chunkOf(address)
    const word = address % CHUNK_WORDS
    if (roomFor(key, value) > chunk.words[word]!) return false
    putValue(chunk, word, key.length, value)
    return true
  }

  /** A later row has taken its place: it is not written to LMDB. Whoever has its address may still read it. */
  supersede(address: RowAddress): void {
    const { words } = this.#chunkOf(address)
    const word = address % CHUNK_WORDS
    words[word] = -Math.abs(words[word]!)
  }

  hasKey(address: RowAddress, key: Uint8Array): boolean {
    const { bytes, words } = this.#chunkOf(address)
    const word = address % CHUNK_WORDS
    if (words[word + 1] !== key.length) return false
    const keyAt = word * WORD_BYTES + HEADER_BYTES
    for (let i = 0; i < key.length; i++) if (bytes[keyAt + i] !== key[i]) return false
    return true
  }

  keyAt(address: RowAddress): Uint8Array {
    const { bytes, words } = this.#chunkOf(address)
    const word = address % CHUNK_WORDS
    const keyAt = word * WORD_BYTES + HEADER_BYTES
    return copy(bytes, keyAt, words[word + 1]!)
  }

  /** See `rowName`. */
  nameAt(address: RowAddress): string {
    const { bytes, words } = this.#chunkOf(address)
    const word = address % CHUNK_WORDS
    const keyAt = word * WORD_BYTES + HEADER_BYTES
    return rowName(bytes.subarray(keyAt, keyAt + words[word + 1]!))
  }

  /** The value, or as much of its beginning; undefined when the row was removed. */
  valueAt(address: RowAddress, bytesMax: number): Uint8Array | undefined {
    const { bytes, words } = this.#chunkOf(address)
    const word = address % CHUNK_WORDS
    const valueBytes = words[word + 2]!
    if (valueBytes === REMOVED) return undefined
    return copy(bytes, word * WORD_BYTES + HEADER_BYTES + words[word + 1]!, Math.min(valueBytes, bytesMax))
  }

  /** Of all rows that were not superseded, oldest first. */
  *addresses(): Generator<RowAddress, void, undefined> {
    for (const [number, { words, usedBytes }] of this.#chunks.entries()) {
      for (let word = 0; word * WORD_BYTES < usedBytes; ) {
        const room = words[word]!
        if (room > 0) yield number * CHUNK_WORDS + word
        word += Math.abs(room) / WORD_BYTES
      }
    }
  }

  /** All rows, for another thread to read; nothing may be changed while it does. */
  packed(): PackedRows[] {
    return this.#chunks.map(({ memory, usedBytes }) => ({ memory, sizeBytes: usedBytes }))
  }

  /** Gives the memory back; nothing is asked of this arena any more. */
  release(): void {
    this.#pool.give(this.#chunks)
  }

  #chunkOf(address: RowAddress): Chunk {
    return this.#chunks[Math.floor(address / CHUNK_WORDS)]!
  }

  #chunkFor(room: number): Chunk {
    const last = this.#chunks[this.#chunks.length - 1]
    if (last !== undefined && last.usedBytes + room <= last.memory.byteLength) return last
    assert(this.#chunks.length < CHUNKS_MAX, 'the rows in memory have addresses of 31 bits')
    const chunk = room > CHUNK_BYTES ? makeChunk(room) : this.#pool.take()
    this.#chunks.push(chunk)
    return chunk
  }
}

function roomFor(key: Uint8Array, value: Uint8Array | undefined): number {
  const bytes = key.length + (value?.length ?? 0)
  return (HEADER_WORDS + Math.ceil(bytes / WORD_BYTES)) * WORD_BYTES
}

function putValue(
  { bytes, words }: Chunk,
  word: number,
  keyBytes: number,
  value: Uint8Array | undefined,
): void {
  words[word + 2] = value === undefined ? REMOVED : value.length
  if (value !== undefined) bytes.set(value, word * WORD_BYTES + HEADER_BYTES + keyBytes)
}

/** Not as a `Buffer`, whose `slice` does not copy. */
function copy(bytes: Buffer, from: number, length: number): Uint8Array {
  const own = length <= SMALL_BYTES_MAX ? new Uint8Array(length) : pooled(length)
  bytes.copy(own, 0, from, from + length)
  return own
}

/** Arrays up to this size need no memory outside of the heap. */
const SMALL_BYTES_MAX = 64

function pooled(length: number): Uint8Array {
  const { buffer, byteOffset } = Buffer.allocUnsafe(length)
  return new Uint8Array(buffer, byteOffset, length)
}
