import { DureError } from '../../foundation/errors.ts'

/** `ignoreBOM` keeps a byte order mark as the character that it is. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const SHORT_TEXT_BYTES_MAX = 32

/**
 * Reads what `ByteWriter` wrote. Byte strings are views of the message, never copies.
 *
 * ```ts
 * const reader = new ByteReader(message, 'command')
 * const key = reader.bytes()
 * reader.expectEnd()
 * ```
 *
 * Whatever does not fit ends in a `DureError` of code `protocol` that names the place; nothing is read out of bounds,
 * and nothing is allocated by a length that was not checked against what is there. Each value has one encoding only.
 */
export class ByteReader {
  readonly #bytes: Uint8Array
  /** What is being read, for messages. */
  readonly #subject: string
  readonly #length: number
  /** Of the message, once it was asked for: that is a call into native code. */
  #buffer: ArrayBufferLike | undefined
  #offset = 0

  constructor(bytes: Uint8Array, subject: string) {
    this.#bytes = bytes
    this.#subject = subject
    this.#length = bytes.length
  }

  get offset(): number {
    return this.#offset
  }

  get atEnd(): boolean {
    return this.#offset === this.#length
  }

  byte(): number {
    if (this.#offset >= this.#length) this.#endsEarly('a byte')
    return this.#bytes[this.#offset++]!
  }

  flag(): boolean {
    const value = this.byte()
    if (value > 1) this.fail(`expected a flag (0 or 1), found ${value}`, 1)
    return value === 1
  }

  varint(): number {
    const bytes = this.#bytes
    const offset = this.#offset
    if (offset >= this.#length) this.#endsEarly('a number')
    const first = bytes[offset]!
    if (first < 0x80) {
      this.#offset = offset + 1
      return first
    }
    return this.#longVarint()
  }

  uint48(): number {
    const offset = this.#offset
    if (this.#length - offset < 6) this.#endsEarly('a number of six bytes')
    this.#offset = offset + 6
    return getUint48(this.#bytes, offset)
  }

  /** A view of the message. */
  bytes(): Uint8Array {
    const length = this.#checkedLength()
    const offset = this.#offset
    this.#offset = offset + length
    // Not `subarray`: on a Node Buffer it makes another Buffer, by a slower way.
    this.#buffer ??= this.#bytes.buffer
    return new Uint8Array(this.#buffer, this.#bytes.byteOffset + offset, length)
  }

  /** Passes over a byte string and says how long it is. */
  skipBytes(): number {
    const length = this.#checkedLength()
    this.#offset += length
    return length
  }

  text(): string {
    const length = this.#checkedLength()
    const start = this.#offset
    const end = start + length
    this.#offset = end
    if (length <= SHORT_TEXT_BYTES_MAX) {
      const bytes = this.#bytes
      let text = ''
      let i = start
      for (; i < end; i++) {
        const code = bytes[i]!
        if (code >= 0x80) break
        text += String.fromCharCode(code)
      }
      if (i === end) return text
    }
    try {
      return decoder.decode(this.#bytes.subarray(start, end))
    } catch {
      return this.fail('expected UTF-8 text, found bytes that are none', length)
    }
  }

  /** How many items follow, each of at least `itemBytesMin`: a count that cannot fit is refused before it is used. */
  count(itemBytesMin: number): number {
    const start = this.#offset
    const count = this.varint()
    if (count * itemBytesMin > this.#length - this.#offset) {
      const found = this.#length - this.#offset
      this.fail(
        `expected ${count} items of ${itemBytesMin} bytes or more, found ${found} bytes`,
        this.#offset - start,
      )
    }
    return count
  }

  expectEnd(): void {
    if (this.#offset < this.#length)
      this.fail(`expected the end, found ${this.#length - this.#offset} more bytes`)
  }

  /** Ends in the error; the place named is `back` bytes before the current one. */
  fail(problem: string, back = 0): never {
    const place = `at offset ${this.#offset - back} of ${this.#length} bytes`
    throw new DureError(
      'protocol',
      `malformed ${this.#subject}: ${problem} ${place}; both ends must run compatible versions of Dure`,
    )
  }

  #checkedLength(): number {
    const start = this.#offset
    const length = this.varint()
    if (length > this.#length - this.#offset) {
      const found = this.#length - this.#offset
      this.fail(`expected ${length} bytes, found ${found}`, this.#offset - start)
    }
    return length
  }

  /** Two bytes and more. Up to 28 bits in whole-number arithmetic, beyond that in floating point, exact to 2^53. */
  #longVarint(): number {
    const bytes = this.#bytes
    const length = this.#length
    const start = this.#offset
    let offset = start
    let value = 0
    let factor = 1
    for (let shift = 0; shift < 56; shift += 7) {
      if (offset >= length) this.#endsEarly('the rest of a number')
      const byte = bytes[offset++]!
      if (shift < 28) value |= (byte & 0x7f) << shift
      else value += (byte & 0x7f) * factor
      if (byte < 0x80) {
        if (byte === 0) this.fail('expected the shortest form of a number, found a longer one')
        if (value > Number.MAX_SAFE_INTEGER) break
        this.#offset = offset
        return value
      }
      factor *= 0x80
    }
    return this.fail('expected a number up to 2^53 - 1, found a larger one')
  }

  #endsEarly(expected: string): never {
    this.fail(`expected ${expected}, found the end`)
  }
}

export function getUint48(bytes: Uint8Array, offset: number): number {
  const low =
    bytes[offset]! | (bytes[offset + 1]! << 8) | (bytes[offset + 2]! << 16) | (bytes[offset + 3]! << 24)
  return (low >>> 0) + (bytes[offset + 4]! | (bytes[offset + 5]! << 8)) * 0x1_0000_0000
}
