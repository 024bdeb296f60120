import { BATCH_HEADER_BYTES } from './batch.ts'
import { SECTOR_BYTES } from './segment.ts'

/** Where the body of a batch begins in its buffer: room is left before it for a segment header and the batch's own. */
export const BODY_AT = SECTOR_BYTES + BATCH_HEADER_BYTES

/**
 * The bytes of one batch while it gathers and while it is written, laid out as they go to the disk, so that nothing is
 * copied again. Grows and is reused; two of them take turns.
 */
export class BatchBuffer {
  #bytes: Uint8Array
  #view: DataView
  #length = BODY_AT

  constructor(capacityBytes = 64 << 10) {
    this.#bytes = new Uint8Array(capacityBytes)
    this.#view = new DataView(this.#bytes.buffer)
  }

  get bytes(): Uint8Array {
    return this.#bytes
  }

  get view(): DataView {
    return this.#view
  }

  get bodyBytes(): number {
    return this.#length - BODY_AT
  }

  /** Gives memory back that one large batch needed. */
  clear(keepBytesMax: number): void {
    this.#length = BODY_AT
    if (this.#bytes.length > keepBytesMax) {
      this.#bytes = new Uint8Array(keepBytesMax)
      this.#view = new DataView(this.#bytes.buffer)
    }
  }

  /** Makes room for so many more bytes; the writers below do not check. */
  reserve(bytes: number): void {
    const needed = this.#length + bytes
    if (needed <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(needed + SECTOR_BYTES, this.#bytes.length * 2))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
    this.#view = new DataView(grown.buffer)
  }

  byte(value: number): void {
    this.#bytes[this.#length++] = value
  }

  /** 1 to 8 bytes, seven bits in each, the lowest first: whole numbers up to 2^53. */
  whole(value: number): void {
    const bytes = this.#bytes
    let at = this.#length
    while (value > 0x7fff_ffff) {
      bytes[at++] = (value % 128) | 0x80
      value = Math.floor(value / 128)
    }
    while (value > 0x7f) {
      bytes[at++] = (value & 0x7f) | 0x80
      value >>>= 7
    }
    bytes[at++] = value
    this.#length = at
  }

  data(data: Uint8Array): void {
    this.#bytes.set(data, this.#length)
    this.#length += data.length
  }

  /** Fills up to a sector with zeros; answers where that ends. */
  pad(): number {
    const end = Math.ceil(this.#length / SECTOR_BYTES) * SECTOR_BYTES
    this.reserve(end - this.#length)
    this.#bytes.fill(0, this.#length, end)
    return end
  }
}
