/** A set of key numbers, as bits; never changed in place once it was handed on. */
export type KeySet = Int32Array

export const emptyKeySet = (keys: number): KeySet => new Int32Array((keys + 31) >> 5)

export function addKeys(set: KeySet, keys: readonly number[]): void {
  for (const key of keys) set[key >> 5]! |= 1 << (key & 31)
}

export function hasAnyKey(set: KeySet, keys: readonly number[]): boolean {
  for (const key of keys) if ((set[key >> 5]! & (1 << (key & 31))) !== 0) return true
  return false
}

export function hasEveryKey(set: KeySet, keys: readonly number[]): boolean {
  for (const key of keys) if ((set[key >> 5]! & (1 << (key & 31))) === 0) return false
  return true
}

export function union(left: KeySet, right: KeySet): KeySet {
  const both = left.slice()
  for (let i = 0; i < both.length; i++) both[i]! |= right[i]!
  return both
}
