import type { GroupId } from '../../../foundation/ids.ts'

/**
 * Keys of the one LMDB database that holds all tables of a node:
 *
 * - `0`: the format of the whole, as text
 * - `1`, group (u32): where a table stands (`TableMeta`)
 * - `2`, group (u32), generation (u32), key: a row
 *
 * A table's rows belong to a generation. A snapshot is received into a new one, which takes over in one step.
 */
export const FORMAT_KEY: Uint8Array = Uint8Array.of(0)
export const ROW_PREFIX_BYTES = 9

const META = 1
const ROW = 2

/** LMDB takes keys of up to 1,978 bytes with its pages of 4 KiB. */
export const KEY_BYTES_MAX = 1_900

export function metaKey(group: GroupId): Uint8Array {
  const key = new Uint8Array(5)
  key[0] = META
  new DataView(key.buffer).setUint32(1, group)
  return key
}

export function rowPrefix(group: GroupId, generation: number): Uint8Array {
  const prefix = new Uint8Array(ROW_PREFIX_BYTES)
  const view = new DataView(prefix.buffer)
  prefix[0] = ROW
  view.setUint32(1, group)
  view.setUint32(5, generation)
  return prefix
}

/** The first key that is no longer of this generation. */
export const afterGeneration = (group: GroupId, generation: number): Uint8Array =>
  rowPrefix(group, generation + 1)

export function withPrefix(prefix: Uint8Array, key: Uint8Array): Uint8Array {
  const joined = new Uint8Array(ROW_PREFIX_BYTES + key.length)
  joined.set(prefix)
  joined.set(key, ROW_PREFIX_BYTES)
  return joined
}

/** A key as a string with one character for each byte: strings compare as the bytes do, and make keys of a `Map`. */
export const rowName = (key: Uint8Array): string => latin1Slice.call(key, 0, key.length)

const { latin1Slice } = Buffer.prototype as unknown as {
  readonly latin1Slice: (this: Uint8Array, from: number, to: number) => string
}
