/** The wire types of protobuf that etcd's messages use. */
export const VARINT = 0
export const FIXED_64 = 1
export const BYTES = 2
export const FIXED_32 = 5

/** Every gRPC message is preceded by a compression flag and its length. */
export const PREFIX_BYTES = 5

const MESSAGE_BYTES_MIN = 64

/**
 * Writes one gRPC message, from its last field to its first: the length of a nested message is known once it is
 * written, so nothing is measured beforehand. Repeated fields are given last first.
 *
 * ```ts
 * const message = new MessageWriter(key.length).bytes(1, key).finish()
 * ```
 */
export class MessageWriter {
  #buffer: Buffer
  #start: number

  /** `sizeBytesHint`: about how long it will be; more makes it grow. */
  constructor(sizeBytesHint: number) {
    this.#buffer = Buffer.allocUnsafe(sizeBytesHint + MESSAGE_BYTES_MIN)
    this.#start = this.#buffer.length
  }

  bytes(field: number, bytes: Uint8Array): this {
    this.#reserve(bytes.length)
    this.#start -= bytes.length
    this.#buffer.set(bytes, this.#start)
    this.#varint(bytes.length)
    return this.#tag(field, BYTES)
  }

  string(field: number, text: string): this {
    return this.bytes(field, Buffer.from(text, 'utf8'))
  }

  /** A whole number from 0 to 2^53 - 1. */
  number(field: number, value: number): this {
    this.#varint(value)
    return this.#tag(field, VARINT)
  }

  /** A nested message: what `write` writes. */
  message(field: number, write: (writer: this) => void): this {
    const end = this.#buffer.length - this.#start
    write(this)
    this.#varint(this.#buffer.length - this.#start - end)
    return this.#tag(field, BYTES)
  }

  finish(): Buffer {
    const sizeBytes = this.#buffer.length - this.#start
    this.#reserve(PREFIX_BYTES)
    this.#start -= PREFIX_BYTES
    this.#buffer[this.#start] = 0
    this.#buffer.writeUInt32BE(sizeBytes, this.#start + 1)
    return this.#buffer.subarray(this.#start)
  }

  #tag(field: number, wireType: number): this {
    this.#varint(field * 8 + wireType)
    return this
  }

  #varint(value: number): void {
    let size = 1
    for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++
    this.#reserve(size)
    this.#start -= size
    let offset = this.#start
    for (; value >= 0x80; value = Math.floor(value / 0x80)) this.#buffer[offset++] = (value % 0x80) + 0x80
    this.#buffer[offset] = value
  }

  #reserve(sizeBytes: number): void {
    if (sizeBytes <= this.#start) return
    const written = this.#buffer.length - this.#start
    const larger = Buffer.allocUnsafe(
      Math.max(this.#buffer.length * 2, written + sizeBytes + MESSAGE_BYTES_MIN),
    )
    this.#buffer.copy(larger, larger.length - written, this.#start)
    this.#start = larger.length - written
    this.#buffer = larger
  }
}
