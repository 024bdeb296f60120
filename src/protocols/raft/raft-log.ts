import { assert } from '../../foundation/assert.ts'
import type { Term } from '../../foundation/ids.ts'
import type { Entry } from './entry.ts'
import { SettledEntries } from './settled-entries.ts'

/** What data is counted as, in every limit: itself and a little for what surrounds it, so that empty entries count. */
export const countedBytes = (data: Uint8Array): number => data.length + ENTRY_BYTES

const ENTRY_BYTES = 16

/** Slots of settled entries are given back once they are more than this and half of the array. */
const SLACK_MAX = 256

/**
 * The entries in memory after a base: the place up to which the log was compacted or replaced by a snapshot.
 *
 * Those that were handed out are settled: the log keeps them in another form (see `SettledEntries`). They are committed, so
 * truncation never reaches them.
 */
export class RaftLog {
  #baseIndex: number
  #baseTerm: Term
  #settled: SettledEntries
  /** After the settled ones, whose slots at the front are cleared. */
  #recent: (Entry | undefined)[] = []
  #recentHead = 0
  #bytes = 0
  // The last range that was cut out. Followers in step with each other, and our own disk, get the same array.
  #cutFrom = 0
  #cut: readonly Entry[] = []
  #cutBytes = 0

  constructor(base: { readonly index: number; readonly term: Term }, entries: readonly Entry[]) {
    this.#baseIndex = base.index
    this.#baseTerm = base.term
    this.#settled = new SettledEntries(base.index + 1)
    this.append(entries)
  }

  get baseIndex(): number {
    return this.#baseIndex
  }

  get baseTerm(): Term {
    return this.#baseTerm
  }

  get lastIndex(): number {
    return this.#settled.next + this.#recent.length - this.#recentHead - 1
  }

  get lastTerm(): Term {
    return this.termAt(this.lastIndex)!
  }

  /** All entries, as `countedBytes` counts. */
  get sizeBytes(): number {
    return this.#bytes
  }

  at(index: number): Entry {
    assert(index > this.#baseIndex && index <= this.lastIndex, 'an entry that is asked for is in the log')
    return index < this.#settled.next ? this.#settled.at(index) : this.#recentAt(index)
  }

  /** The term at an index; undefined before the base and after the end. */
  termAt(index: number): Term | undefined {
    if (index === this.#baseIndex) return this.#baseTerm
    if (index < this.#baseIndex || index > this.lastIndex) return undefined
    return index < this.#settled.next ? this.#settled.termAt(index) : this.#recentAt(index).term
  }

  /** Consecutive entries that follow the last one. */
  append(entries: readonly Entry[]): void {
    if (entries.length === 0) return
    assert(entries[0]!.index === this.lastIndex + 1, 'entries are appended without a gap')
    let bytes = 0
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i]!
      this.#recent.push(entry)
      bytes += countedBytes(entry.data)
    }
    this.#bytes += bytes
  }

  /** Entries up to and including `index` were handed out: they will be asked for seldom. */
  settle(index: number): void {
    const count = index - this.#settled.next + 1
    if (count <= 0) return
    assert(index <= this.lastIndex, 'what was handed out is in the log')
    for (let i = 0; i < count; i++) {
      this.#settled.push(this.#recent[this.#recentHead]!)
      this.#recent[this.#recentHead++] = undefined
    }
    // So each entry is moved at most once on average.
    if (this.#recentHead > SLACK_MAX && this.#recentHead * 2 > this.#recent.length) {
      this.#recent = this.#recent.slice(this.#recentHead)
      this.#recentHead = 0
    }
  }

  /** Drops everything from `index` on. */
  truncateFrom(index: number): void {
    assert(index >= this.#settled.next, 'what was handed out is never truncated')
    for (let i = this.lastIndex; i >= index; i--) this.#bytes -= countedBytes(this.#recent.pop()!.data)
    this.#forgetCut()
  }

  /** Drops everything; the log begins after this place. */
  reset(index: number, term: Term): void {
    this.#baseIndex = index
    this.#baseTerm = term
    this.#settled = new SettledEntries(index + 1)
    this.#recent = []
    this.#recentHead = 0
    this.#bytes = 0
    this.#forgetCut()
  }

  /** Drops entries up to and including `limit`, but keeps the newest ones that amount to `keepBytes`. */
  compact(limit: number, keepBytes: number): boolean {
    const before = this.#baseIndex
    const last = Math.min(limit, this.lastIndex)
    this.settle(last)
    while (this.#baseIndex < last) {
      const index = this.#baseIndex + 1
      const size = this.#sizeAt(index)
      if (this.#bytes - size < keepBytes) break
      this.#baseTerm = this.#settled.termAt(index)
      this.#baseIndex = index
      this.#bytes -= size
      this.#settled.drop(index)
    }
    if (this.#baseIndex === before) return false
    this.#forgetCut()
    return true
  }

  /** Entries `from` … `to`, both included. The array is shared: it is never changed. */
  slice(from: number, to: number): readonly Entry[] {
    if (this.#cutFrom === from && this.#cut.length === to - from + 1) return this.#cut
    assert(from > this.#baseIndex && to <= this.lastIndex, 'entries that are asked for are in the log')
    if (from >= this.#settled.next) {
      const start = this.#recentHead + from - this.#settled.next
      return this.#recent.slice(start, start + to - from + 1) as Entry[]
    }
    const entries: Entry[] = []
    for (let index = from; index <= to; index++) entries.push(this.at(index))
    return entries
  }

  /** Entries from `from` on: all, or as many as fit, but at least one. Its size is `cutBytes`. */
  cut(from: number, bytesMax: number): readonly Entry[] {
    const last = this.lastIndex
    if (this.#cutFrom === from && from + this.#cut.length - 1 === last) return this.#cut
    let to = from
    let bytes = this.#sizeAt(from)
    while (to < last) {
      const size = this.#sizeAt(to + 1)
      if (bytes + size > bytesMax) break
      bytes += size
      to++
    }
    this.#cut = this.slice(from, to)
    this.#cutFrom = from
    this.#cutBytes = bytes
    return this.#cut
  }

  /** The size of what `cut` gave last. */
  get cutBytes(): number {
    return this.#cutBytes
  }

  /** Bytes of `from` … `to`, both included. */
  bytesBetween(from: number, to: number): number {
    let bytes = 0
    for (let index = from; index <= to; index++) bytes += this.#sizeAt(index)
    return bytes
  }

  /**
   * The largest index up to `index` whose term is at most `term`: where two logs can agree at the latest, when the
   * other one has `term` at `index`. Terms never fall along a log, so it is found by halving. Below the base nothing is
   * known, and the index itself is the answer.
   */
  lastIndexWithTermAtMost(index: number, term: Term): number {
    if (index < this.#baseIndex) return index
    let low = this.#baseIndex
    let high = Math.min(index, this.lastIndex)
    while (low < high) {
      const middle = low + Math.ceil((high - low) / 2)
      if (this.termAt(middle)! <= term) low = middle
      else high = middle - 1
    }
    return low
  }

  /** Whether a log that ends there holds at least what this one must (paper, 5.4.1). */
  isUpToDate(lastIndex: number, lastTerm: Term): boolean {
    return lastTerm > this.lastTerm || (lastTerm === this.lastTerm && lastIndex >= this.lastIndex)
  }

  #recentAt(index: number): Entry {
    return this.#recent[this.#recentHead + index - this.#settled.next]!
  }

  #sizeAt(index: number): number {
    if (index >= this.#settled.next) return countedBytes(this.#recentAt(index).data)
    return this.#settled.dataBytesAt(index) + ENTRY_BYTES
  }

  #forgetCut(): void {
    this.#cut = []
    this.#cutFrom = 0
  }
}
