/**
 * Rows one after the other in shared memory: the main thread reads them as its newest state while the writer thread brings
 * them into LMDB, and nothing is copied to hand them over.
 *
 * Layout of a row, from a multiple of four bytes on: three words (i32, the machine's byte order), key, value, padding.
 *
 * | word | holds |
 * | --- | --- |
 * | 0 | room, in bytes: what the row takes, a multiple of four; negative when a later row has taken its place |
 * | 1 | length of the key |
 * | 2 | length of the value; -1 for "removed" |
 */
export interface PackedRows {
  readonly memory: SharedArrayBuffer
  /** Rows lie in so much of it, from its beginning. */
  readonly sizeBytes: number
}

export const WORD_BYTES = 4
export const HEADER_WORDS = 3
export const HEADER_BYTES = HEADER_WORDS * WORD_BYTES
export const REMOVED = -1

/** Calls back for each row that was not superseded, oldest first, with views of the shared memory. */
export function unpack(
  { memory, sizeBytes }: PackedRows,
  change: (key: Uint8Array, value: Uint8Array | undefined) => void,
): void {
  const bytes = new Uint8Array(memory)
  const words = new Int32Array(memory)
  for (let at = 0; at < sizeBytes; ) {
    const word = at / WORD_BYTES
    const room = words[word]!
    if (room > 0) {
      const keyAt = at + HEADER_BYTES
      const valueAt = keyAt + words[word + 1]!
      const valueBytes = words[word + 2]!
      const value = valueBytes === REMOVED ? undefined : bytes.subarray(valueAt, valueAt + valueBytes)
      change(bytes.subarray(keyAt, valueAt), value)
    }
    at += Math.abs(room)
  }
}
