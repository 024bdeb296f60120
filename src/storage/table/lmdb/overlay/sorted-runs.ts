import type { RowAddress, RowArena } from './row-arena.ts'

/** Addresses in order of their keys; of one key, in the order in which they came. Never changed. */
export type SortedRun = Int32Array

/** Sorted in one go, in about a millisecond. */
const SORTED_ROWS_MAX = 4_096
const SORTED_KEY_BYTES_MAX = 128 << 10
/** Merged in one go, in about two. */
const MERGED_ROWS_MAX = 32_768
/** So few are looked into quickly. With fewer, one that grows row by row would be merged each time. */
const RUNS_MIN = 16

/**
 * Keeps the rows of an arena in order: what was added is sorted once it is enough for a run, or once somebody asks. Where
 * there are many runs, each who asks merges two, so that those who ask often find few. Nothing takes long at a time, and those who only write
 * pay 0.15 µs for a new key. As in an LSM tree (O'Neil, Cheng, Gawlick, O'Neil, *The log-structured merge-tree*, 1996), all of it
 * in memory.
 */
export class SortedRuns {
  readonly #rows: RowArena
  readonly #runs: SortedRun[] = []
  #added = new Int32Array(64)
  #addedCount = 0
  #addedKeyBytes = 0

  constructor(rows: RowArena) {
    this.#rows = rows
  }

  /** The newest row of the arena. */
  add(address: RowAddress, keyBytes: number): void {
    if (this.#addedCount === this.#added.length) {
      const larger = new Int32Array(2 * this.#addedCount)
      larger.set(this.#added)
      this.#added = larger
    }
    this.#added[this.#addedCount++] = address
    this.#addedKeyBytes += keyBytes
    if (this.#addedCount === SORTED_ROWS_MAX || this.#addedKeyBytes >= SORTED_KEY_BYTES_MAX) this.#sortAdded()
  }

  /** All rows that there are now; the oldest run first. */
  runs(): readonly SortedRun[] {
    if (this.#addedCount > 0) this.#sortAdded()
    this.#mergeSome()
    return [...this.#runs]
  }

  #sortAdded(): void {
    const run = this.#added.slice(0, this.#addedCount)
    this.#addedCount = 0
    this.#addedKeyBytes = 0
    sortByKey(this.#rows, run, 0)
    this.#runs.push(run)
  }

  /** The two neighbours that are the smallest together, if they are small enough. */
  #mergeSome(): void {
    const runs = this.#runs
    if (runs.length <= RUNS_MIN) return
    let at = 0
    let least = Number.POSITIVE_INFINITY
    for (let i = 1; i < runs.length; i++) {
      const together = runs[i - 1]!.length + runs[i]!.length
      if (together >= least) continue
      at = i
      least = together
    }
    if (least <= MERGED_ROWS_MAX) runs.splice(at - 1, 2, merge(this.#rows, runs[at - 1]!, runs[at]!))
  }
}

/**
 * Rows from `key` on in order, the newest of each key. `runs` as `SortedRuns` gave them, the oldest first.
 *
 * A heap of the runs' heads (Knuth, *The Art of Computer Programming* 3, 5.4.1).
 */
export function* inOrder(
  rows: RowArena,
  runs: readonly SortedRun[],
  key: Uint8Array,
): Generator<RowAddress, void, undefined> {
  const heap: Head[] = []
  for (const [age, run] of runs.entries()) {
    const at = lowerBound(rows, run, key)
    if (at < run.length) heap.push({ run, age, at })
  }
  const isBefore = (left: Head, right: Head): boolean => {
    const order = rows.compare(left.run[left.at]!, right.run[right.at]!)
    // Of one key the newest comes first.
    return order === 0 ? left.age > right.age : order < 0
  }
  for (let i = (heap.length >> 1) - 1; i >= 0; i--) sink(heap, i, isBefore)
  let last: RowAddress | undefined
  while (heap.length > 0) {
    const head = heap[0]!
    const { run } = head
    let address = run[head.at++]!
    // Within a run it comes last.
    while (head.at < run.length && rows.compare(address, run[head.at]!) === 0) address = run[head.at++]!
    if (head.at === run.length) {
      const end = heap.pop()!
      if (heap.length > 0) heap[0] = end
    }
    sink(heap, 0, isBefore)
    if (last !== undefined && rows.compare(last, address) === 0) continue
    last = address
    yield address
  }
}

interface Head {
  readonly run: SortedRun
  /** The larger the newer. */
  readonly age: number
  at: number
}

function sink(heap: Head[], from: number, isBefore: (left: Head, right: Head) => boolean): void {
  for (let i = from; ; ) {
    let child = 2 * i + 1
    if (child >= heap.length) return
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
    const [above, below] = [heap[i]!, heap[child]!]
    if (!isBefore(below, above)) return
    heap[i] = below
    heap[child] = above
    i = child
  }
}

function lowerBound(rows: RowArena, run: SortedRun, key: Uint8Array): number {
  let low = 0
  let high = run.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (rows.compareKey(run[middle]!, key) < 0) low = middle + 1
    else high = middle
  }
  return low
}

function merge(rows: RowArena, older: SortedRun, newer: SortedRun): SortedRun {
  const merged = new Int32Array(older.length + newer.length)
  let i = 0
  let j = 0
  for (let at = 0; at < merged.length; at++) {
    const takesOlder = j === newer.length || (i < older.length && rows.compare(older[i]!, newer[j]!) <= 0)
    merged[at] = takesOlder ? older[i++]! : newer[j++]!
  }
  return merged
}

/** Bytes of keys that one round of sorting looks at. */
const PIECE_BYTES = 5
/** A byte, or none, is one of so many; five of them and a place in a run make a whole number below 2^53. */
const SYMBOLS = 257

/**
 * Sorts `run`, which is in the order in which its rows came and whose keys have their first `skip` bytes in common. Numbers
 * sort by themselves many times faster than rows by a comparison; so what stands behind the common beginning becomes a number,
 * five bytes at a time.
 */
function sortByKey(rows: RowArena, run: Int32Array, skip: number): void {
  const { length } = run
  if (length < 2) return
  let common = rows.keyBytes(run[0]!)
  for (let i = 1; i < length; i++) common = rows.commonBytes(run[0]!, run[i]!, skip, common)
  const numbers = new Float64Array(length)
  for (let i = 0; i < length; i++) numbers[i] = pieceOf(rows, run[i]!, common) * SORTED_ROWS_MAX + i
  numbers.sort()
  const before = run.slice()
  for (let i = 0; i < length; i++) run[i] = before[numbers[i]! % SORTED_ROWS_MAX]!
  // Where five bytes were the same, the next ones decide; where the keys were at their end, they are the same.
  for (let first = 0; first < length; ) {
    const piece = Math.floor(numbers[first]! / SORTED_ROWS_MAX)
    let end = first + 1
    while (end < length && Math.floor(numbers[end]! / SORTED_ROWS_MAX) === piece) end++
    if (end > first + 1 && piece % SYMBOLS !== 0)
      sortByKey(rows, run.subarray(first, end), common + PIECE_BYTES)
    first = end
  }
}

function pieceOf(rows: RowArena, address: RowAddress, from: number): number {
  let piece = 0
  for (let i = from; i < from + PIECE_BYTES; i++) piece = piece * SYMBOLS + rows.keyByte(address, i) + 1
  return piece
}
