import type { IsolationHistory } from '../history/isolation-history.ts'

/**
 * For each key the sessions that write it, and for each of these the transactions that do, in their order.
 *
 * The groups of key x are `groupStart[x]` up to, without, `groupStart[x + 1]`; group g is of session `groupSession[g]`
 * and its writers are `writers[writerStart[g]]` up to, without, `writers[writerStart[g + 1]]`.
 */
export class WritersByKey {
  readonly groupStart: Int32Array
  readonly groupSession: Int32Array
  readonly writerStart: Int32Array
  readonly writers: Int32Array

  constructor(history: IsolationHistory) {
    const { writeStart, writeKey, sessionOf } = history.arrays
    const keyStart = new Int32Array(history.keys + 1)
    for (let at = 0; at < writeKey.length; at++) keyStart[writeKey[at]! + 1]!++
    for (let key = 0; key < history.keys; key++) keyStart[key + 1]! += keyStart[key]!
    const cursor = keyStart.slice(0, history.keys)
    this.writers = new Int32Array(writeKey.length)
    for (let transaction = 0; transaction < history.transactions; transaction++) {
      for (let at = writeStart[transaction]!; at < writeStart[transaction + 1]!; at++) {
        this.writers[cursor[writeKey[at]!]!++] = transaction
      }
    }
    const opens = (key: number, at: number): boolean =>
      at === keyStart[key] || sessionOf[this.writers[at]!] !== sessionOf[this.writers[at - 1]!]
    let groups = 0
    for (let key = 0; key < history.keys; key++) {
      for (let at = keyStart[key]!; at < keyStart[key + 1]!; at++) if (opens(key, at)) groups++
    }
    this.groupStart = new Int32Array(history.keys + 1)
    this.groupSession = new Int32Array(groups)
    this.writerStart = new Int32Array(groups + 1)
    let group = 0
    for (let key = 0; key < history.keys; key++) {
      this.groupStart[key] = group
      for (let at = keyStart[key]!; at < keyStart[key + 1]!; at++) {
        if (!opens(key, at)) continue
        this.groupSession[group] = sessionOf[this.writers[at]!]!
        this.writerStart[group++] = at
      }
    }
    this.groupStart[history.keys] = group
    this.writerStart[group] = this.writers.length
  }

  get memoryBytes(): number {
    return 4 * (this.groupStart.length + 2 * this.groupSession.length + this.writers.length)
  }
}

/**
 * How many of `writers[start]` up to, without, `writers[end]` are below `bound`, as a place in the array: galloping from
 * `hint`, the last answer, because bounds that follow each other are near.
 */
export function placeBelow(
  writers: Int32Array,
  start: number,
  end: number,
  bound: number,
  hint: number,
): number {
  let low = start
  let high = end
  if (hint > start && writers[hint - 1]! >= bound) {
    // The answer is before the hint.
    high = hint - 1
    for (let width = 1; high - width > start; width *= 2) {
      if (writers[high - width]! < bound) {
        low = high - width + 1
        break
      }
      high -= width
    }
  } else {
    low = hint
    for (let width = 1; low + width <= end; width *= 2) {
      if (writers[low + width - 1]! >= bound) {
        high = low + width - 1
        break
      }
      low += width
    }
  }
  while (low < high) {
    const middle = (low + high) >>> 1
    if (writers[middle]! < bound) low = middle + 1
    else high = middle
  }
  return low
}
