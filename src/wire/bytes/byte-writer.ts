import { assert } from '../../foundation/assert.ts'

const encoder = new TextEncoder()
/** Below this a loop beats the call of `set`. */
const LOOP_BYTES_MAX = 24
/** Slabs begin as small as asked and double with use up to this: an idle connection holds little. */
const SLAB_BYTES_MAX = 64 << 10

/**
 * Writes messages one after another into a shared slab: a small message costs no allocation of its own.
 *
 * ```ts
 * const writer = new ByteWriter(4_096)
 * writer.varint(7)
 * writer.bytes(key)
 * const message = writer.take()
 * ```
 *
 * Byte strings of `referenceFromBytes` or more are only remembered and copied once, by `take`; they must not change
 * before it.
 */
export class ByteWriter {
  #slabBytes: number
  readonly #referenceFromBytes: number
  #slab: Uint8Array
  /** Of the slab: asking a typed array for its buffer is a call into native code. */
  #buffer: ArrayBuffer
  /** Where the current message begins in the slab, and where its next byte goes. */
  #start = 0
  #end = 0
  #references: Reference[] = []
  #referencedBytes = 0

  constructor(slabBytes: number, referenceFromBytes = Number.POSITIVE_INFINITY) {
    this.#slabBytes = slabBytes
    this.#referenceFromBytes = referenceFromBytes
    this.#buffer = new ArrayBuffer(slabBytes)
    this.#slab = new Uint8Array(this.#buffer)
  }

  /** Of the current message. */
  get sizeBytes(): number {
    return this.#end - this.#start + this.#referencedBytes
  }

  byte(value: number): void {
    if (this.#end === this.#slab.length) this.#grow(1)
    this.#slab[this.#end++] = value
  }

  flag(value: boolean): void {
    this.byte(value ? 1 : 0)
  }

  /** A whole number from 0 to 2^53 - 1, seven bits a byte, lowest first: 1 byte below 128, 4 below 2^28, at most 8. */
  varint(value: number): void {
    if (this.#end + 8 > this.#slab.length) this.#grow(8)
    if (value >= 0 && value < 0x80 && (value | 0) === value) {
      this.#slab[this.#end++] = value
      return
    }
    assert(Number.isSafeInteger(value) && value >= 0, 'a number on the wire is whole, from 0 to 2^53 - 1')
    while (value >= 0x8000_0000) {
      this.#slab[this.#end++] = (value % 0x80) | 0x80
      value = Math.floor(value / 0x80)
    }
    while (value >= 0x80) {
      this.#slab[this.#end++] = (value & 0x7f) | 0x80
      value >>>= 7
    }
    this.#slab[this.#end++] = value
  }

  /** Six bytes, lowest first: for a place that is written over later. */
  uint48(value: number): void {
    if (this.#end + 6 > this.#slab.length) this.#grow(6)
    putUint48(this.#slab, this.#end, value)
    this.#end += 6
  }

  /** A length, then the bytes. */
  bytes(value: Uint8Array): void {
    const length = value.length
    this.varint(length)
    if (length >= this.#referenceFromBytes) {
      this.#references.push({ at: this.#end - this.#start, value })
      this.#referencedBytes += length
      return
    }
    if (this.#end + length > this.#slab.length) this.#grow(length)
    if (length <= LOOP_BYTES_MAX) {
      const slab = this.#slab
      let end = this.#end
      for (let i = 0; i < length; i++) slab[end++] = value[i]!
      this.#end = end
    } else {
      this.#slab.set(value, this.#end)
      this.#end += length
    }
  }

  /** A length in bytes, then UTF-8. */
  text(value: string): void {
    const length = value.length
    if (length < 0x80 && this.#shortAscii(value, length)) return
    this.bytes(encoder.encode(value))
  }

  /** The current message; the next one begins. Its bytes are never written again. */
  take(): Uint8Array {
    const start = this.#start
    const end = this.#end
    this.#start = end
    if (this.#referencedBytes === 0) return new Uint8Array(this.#buffer, start, end - start)

    const message = new Uint8Array(end - start + this.#referencedBytes)
    let from = 0
    let to = 0
    for (const { at, value } of this.#references) {
      message.set(this.#slab.subarray(start + from, start + at), to)
      to += at - from
      message.set(value, to)
      to += value.length
      from = at
    }
    message.set(this.#slab.subarray(start + from, end), to)
    // The slab's part of this message was copied out: it can be used again.
    this.#start = this.#end = start
    this.#references = []
    this.#referencedBytes = 0
    return message
  }

  #shortAscii(value: string, length: number): boolean {
    if (this.#end + 1 + length > this.#slab.length) this.#grow(1 + length)
    const slab = this.#slab
    let end = this.#end
    slab[end++] = length
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i)
      if (code >= 0x80) return false
      slab[end++] = code
    }
    this.#end = end
    return true
  }

  /** A new slab with room for `needed` more bytes; only the current message moves. */
  #grow(needed: number): void {
    const used = this.#end - this.#start
    this.#slabBytes = Math.min(2 * this.#slabBytes, SLAB_BYTES_MAX)
    const buffer = new ArrayBuffer(Math.max(this.#slabBytes, 2 * (used + needed)))
    const slab = new Uint8Array(buffer)
    slab.set(this.#slab.subarray(this.#start, this.#end))
    this.#buffer = buffer
    this.#slab = slab
    this.#start = 0
    this.#end = used
  }
}

interface Reference {
  readonly at: number
  readonly value: Uint8Array
}

export function putUint48(bytes: Uint8Array, offset: number, value: number): void {
  assert(Number.isInteger(value) && value >= 0 && value < 2 ** 48, 'the number fits in 48 bits')
  assert(offset + 6 <= bytes.length, 'six bytes lie within the bytes')
  const high = Math.floor(value / 0x1_0000_0000)
  bytes[offset] = value
  bytes[offset + 1] = value >>> 8
  bytes[offset + 2] = value >>> 16
  bytes[offset + 3] = value >>> 24
  bytes[offset + 4] = high
  bytes[offset + 5] = high >>> 8
}

/** What `ByteWriter.varint` takes. */
export function varintSizeBytes(value: number): number {
  let size = 1
  while (value >= 0x80) {
    value = Math.floor(value / 0x80)
    size++
  }
  return size
}
