import { DureError } from '../../foundation/errors.ts'
import type { FrameDecoder } from '../../runtime/node/framing.ts'
import { frameChecksum, HEADER_BYTES, readUint32 } from './frame.ts'

/**
 * Finds frames in a stream of chunks. A frame within one chunk is a view of that chunk; one that spans chunks is
 * gathered in a buffer of its own, so no byte is copied twice.
 */
export class StreamFrameDecoder implements FrameDecoder {
  readonly #messageBytesMax: number
  #payloadBytesMax: number
  readonly #header = new Uint8Array(HEADER_BYTES)
  #headerFilled = 0
  #payload: Uint8Array | undefined
  #payloadFilled = 0
  #error: DureError | undefined

  constructor(greetingBytesMax: number, messageBytesMax: number) {
    this.#payloadBytesMax = greetingBytesMax
    this.#messageBytesMax = messageBytesMax
  }

  acceptMessages(): void {
    this.#payloadBytesMax = this.#messageBytesMax
  }

  push(chunk: Uint8Array, onPayload: (payload: Uint8Array) => boolean): DureError | undefined {
    if (this.#error !== undefined) return this.#error
    let offset = 0
    while (offset < chunk.length) {
      if (this.#payload === undefined) {
        if (this.#headerFilled === 0 && chunk.length - offset >= HEADER_BYTES) {
          const length = readUint32(chunk, offset)
          if (length > this.#payloadBytesMax) return this.#tooLarge(length)
          const end = offset + HEADER_BYTES + length
          if (end <= chunk.length) {
            const payload = chunk.subarray(offset + HEADER_BYTES, end)
            if (frameChecksum(payload) !== readUint32(chunk, offset + 4)) return this.#damaged(length)
            offset = end
            if (!onPayload(payload)) return undefined
            continue
          }
        }
        offset = this.#gatherHeader(chunk, offset)
        if (this.#headerFilled < HEADER_BYTES) return undefined
        const length = readUint32(this.#header, 0)
        if (length > this.#payloadBytesMax) return this.#tooLarge(length)
        this.#payload = new Uint8Array(length)
        this.#payloadFilled = 0
      }
      const payload = this.#payload
      const take = Math.min(payload.length - this.#payloadFilled, chunk.length - offset)
      payload.set(chunk.subarray(offset, offset + take), this.#payloadFilled)
      this.#payloadFilled += take
      offset += take
      if (this.#payloadFilled < payload.length) return undefined
      this.#payload = undefined
      this.#headerFilled = 0
      if (frameChecksum(payload) !== readUint32(this.#header, 4)) return this.#damaged(payload.length)
      if (!onPayload(payload)) return undefined
    }
    return undefined
  }

  #gatherHeader(chunk: Uint8Array, offset: number): number {
    const take = Math.min(HEADER_BYTES - this.#headerFilled, chunk.length - offset)
    this.#header.set(chunk.subarray(offset, offset + take), this.#headerFilled)
    this.#headerFilled += take
    return offset + take
  }

  #tooLarge(length: number): DureError {
    return (this.#error = new DureError(
      'protocol',
      `a frame says that ${length} bytes follow, at most ${this.#payloadBytesMax} are allowed here; is the other side a Dure node or client?`,
    ))
  }

  #damaged(length: number): DureError {
    return (this.#error = new DureError(
      'protocol',
      `a frame of ${length} bytes does not match its checksum: it was damaged on the way, or the other side is broken`,
    ))
  }
}
