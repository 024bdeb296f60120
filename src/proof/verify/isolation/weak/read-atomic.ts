import type { IsolationHistory } from '../history/isolation-history.ts'
import { CommitConstraints } from './commit-constraints.ts'
import { WriteSets } from './write-sets.ts'

/**
 * Read atomic (Biswas and Enea 2019, figure 2b; Møldrup and Pavlogiannis 2025, section 3.2): a transaction sees all
 * writes of those that it reads from and of those before it in its session. So what it reads of a key was written by
 * the last of these.
 *
 * Of its session only the last writer of the key counts; of the transactions that it reads from, each once, against
 * the smaller of what they write and what it reads.
 */
export function readAtomicConstraints(history: IsolationHistory): CommitConstraints {
  const { sessionStart, readStart, readKey, readWriter, writeStart, writeKey } = history.arrays
  const constraints = new CommitConstraints(history)
  const writeSets = new WriteSets(history)
  const keyReader = new Int32Array(history.keys).fill(-1)
  const keyWriter = new Int32Array(history.keys)
  const seenBy = new Int32Array(history.transactions + 1).fill(-1)
  const sessionWriter = new Int32Array(history.keys).fill(-1)
  constraints.memoryBytes = 4 * history.transactions + 12 * history.keys + writeSets.memoryBytes
  let steps = 0
  for (let session = 0; session < history.sessions; session++) {
    const first = sessionStart[session]!
    for (let reader = first; reader < sessionStart[session + 1]!; reader++) {
      const start = readStart[reader]!
      const end = readStart[reader + 1]!
      for (let at = start; at < end; at++) {
        const key = readKey[at]!
        const writer = readWriter[at]!
        steps++
        if (keyReader[key] === reader && keyWriter[key] === writer) continue
        if (keyReader[key] === reader) {
          // Two values of one key, neither its own: each writer must have committed before the other.
          notRepeatable(history, constraints, keyWriter[key]!, writer, reader, key)
        }
        keyReader[key] = reader
        keyWriter[key] = writer
        const last = sessionWriter[key]!
        if (last >= first && last !== writer) constraints.overwritten(last, writer, reader, key)
      }
      for (let at = start; at < end; at++) {
        const seen = readWriter[at]!
        if (seen === history.initial || seenBy[seen] === reader) continue
        seenBy[seen] = reader
        if (writeSets.size(seen) <= end - start) {
          for (let i = writeStart[seen]!; i < writeStart[seen + 1]!; i++) {
            const key = writeKey[i]!
            steps++
            if (keyReader[key] !== reader || keyWriter[key] === seen) continue
            constraints.overwritten(seen, keyWriter[key]!, reader, key)
          }
        } else {
          for (let i = start; i < end; i++) {
            const key = readKey[i]!
            steps++
            if (readWriter[i] === seen || !writeSets.has(seen, key)) continue
            constraints.overwritten(seen, readWriter[i]!, reader, key)
          }
        }
      }
      for (let i = writeStart[reader]!; i < writeStart[reader + 1]!; i++) sessionWriter[writeKey[i]!] = reader
    }
  }
  constraints.steps = steps
  return constraints
}

function notRepeatable(
  history: IsolationHistory,
  constraints: CommitConstraints,
  one: number,
  other: number,
  reader: number,
  key: number,
): void {
  if (one !== history.initial) constraints.overwritten(one, other, reader, key)
  if (other !== history.initial) constraints.overwritten(other, one, reader, key)
}
