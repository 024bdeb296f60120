import { BYTES, FIXED_32, FIXED_64, VARINT } from './message-writer.ts'

const TWO_TO_32 = 2 ** 32

/**
 * Walks over the fields of one protobuf message. Fields that nobody asks for are stepped over, as the format wants it.
 *
 * ```ts
 * const reader = new FieldReader(message)
 * while (reader.next()) if (reader.field === 3) revision = reader.number
 * ```
 */
export class FieldReader {
  readonly #message: Uint8Array
  #offset = 0
  #low = 0
  #high = 0
  #bytes: Uint8Array | undefined
  field = 0

  constructor(message: Uint8Array) {
    this.#message = message
  }

  /** Steps to the next field; false at the end. */
  next(): boolean {
    if (this.#offset === this.#message.length) return false
    this.#readVarint()
    const tag = this.#low
    this.field = tag >>> 3
    this.#bytes = undefined
    const wireType = tag & 7
    if (wireType === VARINT) this.#readVarint()
    else if (wireType === BYTES) {
      this.#readVarint()
      this.#bytes = this.#take(this.number)
    } else if (wireType === FIXED_64) this.#take(8)
    else if (wireType === FIXED_32) this.#take(4)
    else throw new Error(`a protobuf field of wire type ${wireType}, which no message of etcd has`)
    return true
  }

  /** The field as bytes: a view of the message. */
  get bytes(): Uint8Array {
    if (this.#bytes === undefined) throw new Error(`protobuf field ${this.field} is a number, not bytes`)
    return this.#bytes
  }

  get text(): string {
    return Buffer.from(this.bytes).toString('utf8')
  }

  /** The field as a number; exact up to 2^53, as far as etcd's revisions and our lease ids go. */
  get number(): number {
    return this.#high * TWO_TO_32 + this.#low
  }

  /** All 64 bits, for ids. */
  get hex(): string {
    return this.#high.toString(16).padStart(8, '0') + this.#low.toString(16).padStart(8, '0')
  }

  get isTrue(): boolean {
    return this.#low !== 0
  }

  #take(length: number): Uint8Array {
    if (this.#offset + length > this.#message.length)
      throw new Error('a protobuf field reaches beyond its message')
    return this.#message.subarray(this.#offset, (this.#offset += length))
  }

  /** In two halves of 32 bits: ids fill all 64. */
  #readVarint(): void {
    let low = 0
    let high = 0
    for (let shift = 0; ; shift += 7) {
      const byte = this.#message[this.#offset++]
      if (byte === undefined) throw new Error('a protobuf message ends in the middle of a number')
      const bits = byte & 0x7f
      if (shift < 28) low |= bits << shift
      else if (shift === 28) {
        low |= bits << 28
        high = bits >>> 4
      } else if (shift < 64) high |= bits << (shift - 32)
      else throw new Error('a protobuf number has more than 64 bits')
      if (byte < 0x80) break
    }
    this.#low = low >>> 0
    this.#high = high >>> 0
  }
}
