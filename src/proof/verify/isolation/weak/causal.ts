import { placeBelow, WritersByKey } from '../graph/writers-by-key.ts'
import type { IsolationHistory } from '../history/isolation-history.ts'
import { ClockPool } from './clock-pool.ts'
import { CommitConstraints } from './commit-constraints.ts'

export interface CausalOptions {
  /** Transactions in an order that keeps sessions, and reads after their writes. */
  readonly order: Int32Array
  /** Undefined is answered when the clocks would need more. */
  readonly memoryBytesMax: number
  /** Asked every few thousand steps; true ends the work, and undefined is answered. */
  readonly isOver: (steps: number) => boolean
}

const STEPS_BETWEEN_LOOKS = 1 << 16

/**
 * Causal consistency (Biswas and Enea 2019, figure 2c; Møldrup and Pavlogiannis 2025, section 3.3): a transaction sees
 * all writes of those that happened before it, through sessions and reads. So of every key that it reads, the writers
 * that happened before it committed before the one it reads from, and of each session only the last of these counts.
 *
 * `clock[s]` is how many transactions of session s happened before. Clocks live from when their transaction has its
 * turn until the last has it that follows in the session or reads from it.
 */
export function causalConstraints(
  history: IsolationHistory,
  options: CausalOptions,
): CommitConstraints | undefined {
  const { sessionStart, sessionOf, readStart, readKey, readWriter } = history.arrays
  const constraints = new CommitConstraints(history)
  const byKey = new WritersByKey(history)
  const { groupStart, groupSession, writerStart, writers } = byKey
  const hint = writerStart.slice(0, groupSession.length)
  const pool = new ClockPool(history.sessions, options.memoryBytesMax)
  const rowOf = new Int32Array(history.transactions).fill(-1)
  const uses = usesOf(history)
  const keyReader = new Int32Array(history.keys).fill(-1)
  const keyWriter = new Int32Array(history.keys)
  const initial = history.initial
  let steps = 0
  let nextLook = STEPS_BETWEEN_LOOKS
  const release = (transaction: number): void => {
    if (--uses[transaction]! === 0) pool.free(rowOf[transaction]!)
  }
  for (const reader of options.order) {
    if (steps >= nextLook) {
      nextLook = steps + STEPS_BETWEEN_LOOKS
      if (options.isOver(steps)) return undefined
    }
    const session = sessionOf[reader]!
    const isFirst = reader === sessionStart[session]
    let row: number
    if (isFirst) row = pool.allocate()
    else if (uses[reader - 1] === 1) {
      // Nobody else needs the clock of the one before in the session: it becomes this one's.
      row = rowOf[reader - 1]!
      uses[reader - 1] = 0
    } else {
      row = pool.copyOf(rowOf[reader - 1]!)
      if (row >= 0) release(reader - 1)
    }
    if (row < 0) return undefined
    rowOf[reader] = row
    const clocks = pool.clocks
    const base = row * history.sessions
    clocks[base + session] = reader - sessionStart[session]!
    const start = readStart[reader]!
    const end = readStart[reader + 1]!
    for (let at = start; at < end; at++) {
      const writer = readWriter[at]!
      if (writer === initial) continue
      const from = sessionOf[writer]!
      const place = writer - sessionStart[from]!
      if (clocks[base + from]! > place) continue
      pool.join(row, rowOf[writer]!)
      steps += history.sessions
      clocks[base + from] = place + 1
    }
    for (let at = start; at < end; at++) {
      const key = readKey[at]!
      const writer = readWriter[at]!
      if (keyReader[key] === reader && keyWriter[key] === writer) continue
      keyReader[key] = reader
      keyWriter[key] = writer
      const groupEnd = groupStart[key + 1]!
      const writerBase = writer === initial ? -1 : rowOf[writer]! * history.sessions
      const writerSession = writer === initial ? -1 : sessionOf[writer]!
      steps += groupEnd - groupStart[key]! + 1
      for (let group = groupStart[key]!; group < groupEnd; group++) {
        const of = groupSession[group]!
        const before = clocks[base + of]!
        if (before === 0) continue
        // What happened before the writer is before it in any case.
        if (writerBase >= 0 && of !== writerSession && clocks[writerBase + of]! >= before) continue
        const first = sessionStart[of]!
        const place = placeBelow(
          writers,
          writerStart[group]!,
          writerStart[group + 1]!,
          first + before,
          hint[group]!,
        )
        hint[group] = place
        if (place === writerStart[group]) continue
        const overwriter = writers[place - 1]!
        if (overwriter === writer) continue
        if (writerBase >= 0) {
          const known =
            of === writerSession ? overwriter < writer : clocks[writerBase + of]! > overwriter - first
          if (known) continue
        }
        constraints.overwritten(overwriter, writer, reader, key)
      }
    }
    for (let at = start; at < end; at++) {
      if (readWriter[at] !== initial) release(readWriter[at]!)
    }
    if (uses[reader] === 0) pool.free(row)
  }
  constraints.steps = steps
  constraints.memoryBytes = pool.memoryBytes + byKey.memoryBytes + 8 * history.transactions + 8 * history.keys
  return constraints
}

/** How often the clock of each transaction is needed: by the next in its session, and by each read from it. */
function usesOf(history: IsolationHistory): Int32Array {
  const { sessionStart, readWriter } = history.arrays
  const uses = new Int32Array(history.transactions + 1).fill(1)
  for (let session = 0; session < history.sessions; session++) {
    const last = sessionStart[session + 1]! - 1
    if (last >= sessionStart[session]!) uses[last] = 0
  }
  for (let at = 0; at < readWriter.length; at++) uses[readWriter[at]!]!++
  return uses
}
