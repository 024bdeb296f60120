/**
 * A hash of 32 bits for a key. The seed is drawn at random, so that nobody can choose keys that meet in one place.
 *
 * MurmurHash3 (A. Appleby, 2011), the variant of 32 bits.
 */
export function keyHash(key: Uint8Array, seed: number): number {
  const { length } = key
  const end = length & ~3
  let hash = seed
  for (let i = 0; i < end; i += 4) {
    const word = key[i]! | (key[i + 1]! << 8) | (key[i + 2]! << 16) | (key[i + 3]! << 24)
    hash ^= scrambled(word)
    hash = (hash << 13) | (hash >>> 19)
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0
  }
  let rest = 0
  for (let i = length - 1; i >= end; i--) rest = (rest << 8) | key[i]!
  if (end < length) hash ^= scrambled(rest)
  hash ^= length
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}

function scrambled(word: number): number {
  const mixed = Math.imul(word, 0xcc9e2d51)
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593)
}
