import { assert } from '../../../../foundation/assert.ts'
import { rowName } from '../key.ts'
import { HEADER_BYTES, HEADER_WORDS, type PackedRows, REMOVED, WORD_BYTES } from './packed-rows.ts'
import { CHUNK_BYTES, type Chunk, type ChunkPool, ownChunkBytes, SHARED_ROW_BYTES_MAX } from './row-chunks.ts'

/** Which row: its chunk's number times `CHUNK_WORDS`, and the word it begins at. Below 2^31, so 8 GiB. */
export type RowAddress = number

const CHUNK_WORDS = CHUNK_BYTES / WORD_BYTES
const CHUNKS_MAX = 2 ** 31 / CHUNK_WORDS
const WORD_BITS = Math.log2(CHUNK_WORDS)
const WORD_MASK = CHUNK_WORDS - 1

/**
 * Row changes in a few large blocks of memory, in the order in which their keys came (see `PackedRows`). The garbage
 * collector sees the blocks and not the rows (what that saves: DESIGN.md of the tables).
 *
 * Bytes that are given out are copies.
 */
export class RowArena {
  readonly #pool: ChunkPool
  readonly #chunks: Chunk[] = []
  /** The number of the last chunk that rows share. */
  #shared = -1
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
    const number =
      room > SHARED_ROW_BYTES_MAX ? this.#addChunk(ownChunkBytes(room)) : this.#sharedChunkFor(room)
    const chunk = this.#chunks[number]!
    const { bytes, words, usedBytes } = chunk
    // One that lies alone may grow as far as its chunk goes.
    const taken = room > SHARED_ROW_BYTES_MAX ? chunk.memory.byteLength : room
    const word = usedBytes / WORD_BYTES
    words[word] = taken
    words[word + 1] = key.length
    bytes.set(key, usedBytes + HEADER_BYTES)
    putValue(chunk, word, key.length, value)
    chunk.usedBytes += taken
    this.#sizeBytes += taken
    return number * CHUNK_WORDS + word
  }

  /** Writes another value in the place of the row's; false when it does not fit. */
  overwrite(address: RowAddress, key: Uint8Array, value: Uint8Array | undefined): boolean {
    const chunk = this.#chunkOf(address)
    const word = address & WORD_MASK
    if (roomFor(key, value) > chunk.words[word]!) return false
    putValue(chunk, word, key.length, value)
    return true
  }

  /** A later row has taken its place: it is not written to LMDB. Whoever has its address may still read it. */
  supersede(address: RowAddress): void {
    const { words } = this.#chunkOf(address)
    const word = address & WORD_MASK
    words[word] = -Math.abs(words[word]!)
  }

  hasKey(address: RowAddress, key: Uint8Array): boolean {
    const { bytes, words } = this.#chunkOf(address)
    const word = address & WORD_MASK
    if (words[word + 1] !== key.length) return false
    const keyAt = word * WORD_BYTES + HEADER_BYTES
    for (let i = 0; i < key.length; i++) if (bytes[keyAt + i] !== key[i]) return false
    return true
  }

  /** Below zero when the key of `left` comes before that of `right`, as bytes. */
  compare(left: RowAddress, right: RowAddress): number {
    const leftChunk = this.#chunkOf(left)
    const rightChunk = this.#chunkOf(right)
    const leftWord = left & WORD_MASK
    const rightWord = right & WORD_MASK
    const leftLength = leftChunk.words[leftWord + 1]!
    const rightLength = rightChunk.words[rightWord + 1]!
    const leftAt = leftWord * WORD_BYTES + HEADER_BYTES
    const rightAt = rightWord * WORD_BYTES + HEADER_BYTES
    const { bytes: leftBytes } = leftChunk
    const { bytes: rightBytes } = rightChunk
    const shorter = Math.min(leftLength, rightLength)
    for (let i = 0; i < shorter; i++) {
      const difference = leftBytes[leftAt + i]! - rightBytes[rightAt + i]!
      if (difference !== 0) return difference
    }
    return leftLength - rightLength
  }

  /** Below zero when the row's key comes before `key`. */
  compareKey(address: RowAddress, key: Uint8Array): number {
    const { bytes, words } = this.#chunkOf(address)
    const word = address & WORD_MASK
    const length = words[word + 1]!
    const keyAt = word * WORD_BYTES + HEADER_BYTES
    const shorter = Math.min(length, key.length)
    for (let i = 0; i < shorter; i++) {
      const difference = bytes[keyAt + i]! - key[i]!
      if (difference !== 0) return difference
    }
    return length - key.length
  }

  keyBytes(address: RowAddress): number {
    return this.#chunkOf(address).words[(address & WORD_MASK) + 1]!
  }

  /** The byte of its key at `at`; -1 behind the end. */
  keyByte(address: RowAddress, at: number): number {
    const { bytes, words } = this.#chunkOf(address)
    const word = address & WORD_MASK
    return at < words[word + 1]! ? bytes[word * WORD_BYTES + HEADER_BYTES + at]! : -1
  }

  /** How many bytes two keys have in common at their beginnings: at least `known`, of which that is known, and at most `most`. */
  commonBytes(left: RowAddress, right: RowAddress, known: number, most: number): number {
    const leftChunk = this.#chunkOf(left)
    const rightChunk = this.#chunkOf(right)
    const rightWord = right & WORD_MASK
    const leftAt = (left & WORD_MASK) * WORD_BYTES + HEADER_BYTES
    const rightAt = rightWord * WORD_BYTES + HEADER_BYTES
    const end = Math.min(most, rightChunk.words[rightWord + 1]!)
    let common = known
    while (common < end && leftChunk.bytes[leftAt + common] === rightChunk.bytes[rightAt + common]) common++
    return Math.min(common, end)
  }

  keyAt(address: RowAddress): Uint8Array {
    const { bytes, words } = this.#chunkOf(address)
    const word = address & WORD_MASK
    const keyAt = word * WORD_BYTES + HEADER_BYTES
    return copy(bytes, keyAt, words[word + 1]!)
  }

  /** See `rowName`. */
  nameAt(address: RowAddress): string {
    const { bytes, words } = this.#chunkOf(address)
    const word = address & WORD_MASK
    const keyAt = word * WORD_BYTES + HEADER_BYTES
    return rowName(bytes.subarray(keyAt, keyAt + words[word + 1]!))
  }

  /** The value, or as much of its beginning; undefined when the row was removed. */
  valueAt(address: RowAddress, bytesMax: number): Uint8Array | undefined {
    const { bytes, words } = this.#chunkOf(address)
    const word = address & WORD_MASK
    const valueBytes = words[word + 2]!
    if (valueBytes === REMOVED) return undefined
    return copy(bytes, word * WORD_BYTES + HEADER_BYTES + words[word + 1]!, Math.min(valueBytes, bytesMax))
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
    return this.#chunks[address >>> WORD_BITS]!
  }

  /** The number of the chunk that takes small rows. */
  #sharedChunkFor(room: number): number {
    const shared = this.#chunks[this.#shared]
    if (shared === undefined || shared.usedBytes + room > CHUNK_BYTES)
      this.#shared = this.#addChunk(CHUNK_BYTES)
    return this.#shared
  }

  #addChunk(sizeBytes: number): number {
    assert(this.#chunks.length < CHUNKS_MAX, 'the rows in memory have addresses of 31 bits')
    return this.#chunks.push(this.#pool.take(sizeBytes)) - 1
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
