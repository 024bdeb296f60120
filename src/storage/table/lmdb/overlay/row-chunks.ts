/** Where rows lie, side by side, or one that is large alone. */
export interface Chunk {
  readonly memory: SharedArrayBuffer
  readonly bytes: Buffer
  readonly words: Int32Array
  usedBytes: number
}

export const CHUNK_BYTES: number = 128 << 10
/** A row that takes more has a chunk of its own, so that little is left over at the end of the others. */
export const SHARED_ROW_BYTES_MAX: number = 32 << 10
/** Chunks of one row are a multiple of this, so that there are few sizes. */
const OWN_CHUNK_STEP_BYTES = 16 << 10

export const ownChunkBytes = (rowBytes: number): number =>
  Math.ceil(rowBytes / OWN_CHUNK_STEP_BYTES) * OWN_CHUNK_STEP_BYTES

/**
 * Chunks that an overlay is done with, for the ones to come: fresh memory costs more than filling it, and the garbage collector
 * neither sees it nor hurries to give it back.
 */
export class ChunkPool {
  readonly #free = new Map<number, Chunk[]>()

  take(sizeBytes: number): Chunk {
    const chunk = this.#free.get(sizeBytes)?.pop()
    if (chunk === undefined) return makeChunk(sizeBytes)
    chunk.usedBytes = 0
    return chunk
  }

  /** Nobody reads them any more. What was left from before is let go, so that the pool holds what one overlay took at most. */
  give(chunks: readonly Chunk[]): void {
    this.clear()
    for (const chunk of chunks) {
      const { byteLength } = chunk.memory
      const alike = this.#free.get(byteLength)
      if (alike === undefined) this.#free.set(byteLength, [chunk])
      else alike.push(chunk)
    }
  }

  clear(): void {
    this.#free.clear()
  }
}

function makeChunk(sizeBytes: number): Chunk {
  const memory = new SharedArrayBuffer(sizeBytes)
  return { memory, bytes: Buffer.from(memory), words: new Int32Array(memory), usedBytes: 0 }
}
