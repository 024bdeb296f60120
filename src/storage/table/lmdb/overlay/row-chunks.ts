/** Where rows of one chunk lie; more than a chunk when one row alone is larger. */
export interface Chunk {
  readonly memory: SharedArrayBuffer
  readonly bytes: Buffer
  readonly words: Int32Array
  usedBytes: number
}

export const CHUNK_BYTES: number = 128 << 10

export function makeChunk(sizeBytes: number): Chunk {
  const memory = new SharedArrayBuffer(sizeBytes)
  return { memory, bytes: Buffer.from(memory), words: new Int32Array(memory), usedBytes: 0 }
}

/** Chunks that an overlay is done with, for the ones to come: fresh memory costs more than filling it. */
export class ChunkPool {
  #free: Chunk[] = []

  take(): Chunk {
    const chunk = this.#free.pop()
    if (chunk === undefined) return makeChunk(CHUNK_BYTES)
    chunk.usedBytes = 0
    return chunk
  }

  /** Nobody reads them any more. What the pool still had from before is let go, so that it holds one overlay's at most. */
  give(chunks: readonly Chunk[]): void {
    this.#free = chunks.filter(({ memory }) => memory.byteLength === CHUNK_BYTES)
  }
}
