const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: false })

/** Up to here a loop over plain ASCII beats the call into native code. */
const LOOP_BYTES_MAX = 32

export function utf8(text: string): Uint8Array {
  const length = text.length
  if (length > LOOP_BYTES_MAX) return encoder.encode(text)
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i)
    if (code >= 0x80) return encoder.encode(text)
    bytes[i] = code
  }
  return bytes
}

export function text(bytes: Uint8Array): string {
  const length = bytes.length
  if (length > LOOP_BYTES_MAX) return decoder.decode(bytes)
  let text = ''
  for (let i = 0; i < length; i++) {
    const code = bytes[i]!
    if (code >= 0x80) return decoder.decode(bytes)
    text += String.fromCharCode(code)
  }
  return text
}

/** Orders like `memcmp`: byte by byte, a prefix before what it begins. */
export function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const length = Math.min(left.length, right.length)
  for (let i = 0; i < length; i++) {
    const difference = left[i]! - right[i]!
    if (difference !== 0) return difference
  }
  return left.length - right.length
}

export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && compareBytes(left, right) === 0
}

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const joined = new Uint8Array(length)
  let offset = 0
  for (const part of parts) {
    joined.set(part, offset)
    offset += part.length
  }
  return joined
}

/** The smallest key after every key that begins with `prefix`; `undefined` when there is none (all bytes 0xff). */
export function prefixEnd(prefix: Uint8Array): Uint8Array | undefined {
  let length = prefix.length
  while (length > 0 && prefix[length - 1] === 0xff) length--
  if (length === 0) return undefined
  const end = prefix.slice(0, length)
  end[length - 1]!++
  return end
}
