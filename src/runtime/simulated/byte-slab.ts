const SLAB_BYTES = 64 << 10
/** A larger one gets memory of its own, so that little of a slab is left over. */
const SHARED_BYTES_MAX = SLAB_BYTES / 8

/**
 * Copies of small byte strings, many in one piece of memory: one of its own for each would cost more than the bytes do.
 * Nothing is written twice; a slab goes when nobody holds a copy in it any more.
 */
export class ByteSlab {
  #slab: Uint8Array<ArrayBuffer> | undefined
  #buffer: ArrayBuffer | undefined
  #end = 0

  copy(bytes: Uint8Array): Uint8Array {
    const length = bytes.length
    if (length > SHARED_BYTES_MAX) return bytes.slice()
    if (this.#slab === undefined || this.#end + length > SLAB_BYTES) {
      this.#buffer = new ArrayBuffer(SLAB_BYTES)
      this.#slab = new Uint8Array(this.#buffer)
      this.#end = 0
    }
    const start = this.#end
    this.#slab.set(bytes, start)
    this.#end = start + length
    return new Uint8Array(this.#buffer!, start, length)
  }
}
