import type { RowChange } from '../table.ts'
import { ROW_PREFIX_BYTES } from './key.ts'

/** Bytes packed in one go: about a millisecond of the event loop. */
const PIECE_BYTES = 128 << 10
const HEADER_BYTES = 8
const REMOVED = 0xffff_ffff

/**
 * Row changes as one buffer that is handed over to the worker thread without a copy.
 *
 * Layout, big endian: for each change the length of the stored key (u32), the length of the value or `ffffffff` for
 * "removed" (u32), stored key, value.
 */
export function packPiece(
  prefix: Uint8Array,
  changes: Iterator<RowChange>,
): Uint8Array<ArrayBuffer> | undefined {
  const taken: RowChange[] = []
  let size = 0
  while (size < PIECE_BYTES) {
    const next = changes.next()
    if (next.done === true) break
    taken.push(next.value)
    size += HEADER_BYTES + ROW_PREFIX_BYTES + next.value.key.length + (next.value.value?.length ?? 0)
  }
  if (taken.length === 0) return undefined
  const packed = new Uint8Array(size)
  const view = new DataView(packed.buffer)
  let at = 0
  for (const { key, value } of taken) {
    view.setUint32(at, ROW_PREFIX_BYTES + key.length)
    view.setUint32(at + 4, value === undefined ? REMOVED : value.length)
    at += HEADER_BYTES
    packed.set(prefix, at)
    packed.set(key, at + ROW_PREFIX_BYTES)
    at += ROW_PREFIX_BYTES + key.length
    if (value === undefined) continue
    packed.set(value, at)
    at += value.length
  }
  return packed
}

/** Calls back for each change, with views of `packed`. */
export function unpack(
  packed: Uint8Array,
  change: (key: Uint8Array, value: Uint8Array | undefined) => void,
): void {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length)
  let at = 0
  while (at < packed.length) {
    const keyEnd = at + HEADER_BYTES + view.getUint32(at)
    const valueBytes = view.getUint32(at + 4)
    const key = packed.subarray(at + HEADER_BYTES, keyEnd)
    at = keyEnd
    if (valueBytes === REMOVED) {
      change(key, undefined)
    } else {
      change(key, packed.subarray(at, at + valueBytes))
      at += valueBytes
    }
  }
}
