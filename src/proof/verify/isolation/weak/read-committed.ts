import type { IsolationHistory } from '../history/isolation-history.ts'
import { CommitConstraints } from './commit-constraints.ts'
import { WriteSets } from './write-sets.ts'

/**
 * Read committed (Biswas and Enea 2019, figure 2a; Møldrup and Pavlogiannis 2025, section 3.1): a transaction that has
 * read from `first`, and afterwards reads a key that `first` writes from another, saw the other's write come after.
 *
 * Only the first read from each transaction counts, and of the later reads of a key the earliest that is not from the
 * same transaction: what is read later still is ordered through it. The keys in question are found through the smaller
 * of two sets, what was written there and what is read here, which is what makes n^(3/2) of it.
 */
export function readCommittedConstraints(history: IsolationHistory): CommitConstraints {
  const { readStart, readKey, readWriter, writeStart, writeKey } = history.arrays
  const constraints = new CommitConstraints(history)
  const writeSets = new WriteSets(history)
  const firstReader = new Int32Array(history.transactions + 1).fill(-1)
  const firstRead = new Int32Array(history.transactions + 1)
  const laterReader = new Int32Array(history.keys).fill(-1)
  // The writers of the next read of a key, and of the next one after it that is from another.
  const nextWriter = new Int32Array(history.keys)
  const otherWriter = new Int32Array(history.keys)
  constraints.memoryBytes = 8 * history.transactions + 12 * history.keys + writeSets.memoryBytes
  let steps = 0
  for (let reader = 0; reader < history.transactions; reader++) {
    const start = readStart[reader]!
    const end = readStart[reader + 1]!
    for (let at = start; at < end; at++) {
      const writer = readWriter[at]!
      if (firstReader[writer] === reader) continue
      firstReader[writer] = reader
      firstRead[writer] = at
    }
    let keys = 0
    for (let at = end - 1; at >= start; at--) {
      const seen = readWriter[at]!
      steps++
      if (seen !== history.initial && firstRead[seen] === at) {
        if (writeSets.size(seen) <= keys) {
          for (let i = writeStart[seen]!; i < writeStart[seen + 1]!; i++) {
            const key = writeKey[i]!
            steps++
            if (laterReader[key] !== reader) continue
            const writer = nextWriter[key] === seen ? otherWriter[key]! : nextWriter[key]!
            if (writer !== -1) constraints.overwritten(seen, writer, reader, key)
          }
        } else if (keys > 0) {
          for (let i = at + 1; i < end; i++) {
            const key = readKey[i]!
            steps++
            if (!writeSets.has(seen, key)) continue
            const writer = nextWriter[key] === seen ? otherWriter[key]! : nextWriter[key]!
            if (writer !== -1) constraints.overwritten(seen, writer, reader, key)
          }
        }
      }
      const key = readKey[at]!
      if (laterReader[key] !== reader) {
        laterReader[key] = reader
        nextWriter[key] = seen
        otherWriter[key] = -1
        keys++
      } else if (nextWriter[key] !== seen) {
        otherWriter[key] = nextWriter[key]!
        nextWriter[key] = seen
      }
    }
  }
  constraints.steps = steps
  return constraints
}
