import { assert } from '../../foundation/assert.ts'
import type { Term } from '../../foundation/ids.ts'
import type { Entry } from './entry.ts'

/** What data is counted as, in every limit: itself and a little for what surrounds it, so that empty entries count. */
export const countedBytes = (data: Uint8Array): number => data.length + 16

const entrySizeBytes = (entry: Entry): number => countedBytes(entry.data)

/** Slots of dropped entries are given back once they are more than this and half of the array. */
const SLACK_MAX = 1_024

/**
 * The entries in memory after a base: the place up to which the log was compacted or replaced by a snapshot.
 *
 * Dropping at the front only moves an offset and clears the slots; the array is moved now and then, so that each entry
 * is moved at most once on average.
 */
export class RaftLog {
  #baseIndex: number
  #baseTerm: Term
  #slots: (Entry | undefined)[]
  /** Where the entry after the base is in `#slots`. */
  #head = 0
  #bytes = 0
  // The last range that was cut out. Followers in step with each other, and our own disk, get the same array.
  #cutFrom = 0
  #cut: readonly Entry[] = []
  #cutBytes = 0

  constructor(base: { readonly index: number; readonly term: Term }, entries: readonly Entry[]) {
    this.#baseIndex = base.index
    this.#baseTerm = base.term
    this.#slots = []
    this.append(entries)
  }

  get baseIndex(): number {
    return this.#baseIndex
  }

  get baseTerm(): Term {
    return this.#baseTerm
  }

  get lastIndex(): number {
    return this.#baseIndex + this.#slots.length - this.#head
  }

  get lastTerm(): Term {
    return this.#slots.length > this.#head ? this.#slots[this.#slots.length - 1]!.term : this.#baseTerm
  }

  /** All entries, as `countedBytes` counts. */
  get sizeBytes(): number {
    return this.#bytes
  }

  at(index: number): Entry {
    const entry = this.#slots[this.#head + index - this.#baseIndex - 1]
    assert(entry !== undefined && index > this.#baseIndex, 'an entry that is asked for is in the log')
    return entry
  }

  /** The term at an index; undefined before the base and after the end. */
  termAt(index: number): Term | undefined {
    if (index === this.#baseIndex) return this.#baseTerm
    if (index < this.#baseIndex) return undefined
    return this.#slots[this.#head + index - this.#baseIndex - 1]?.term
  }

  /** Consecutive entries that follow the last one. */
  append(entries: readonly Entry[]): void {
    if (entries.length === 0) return
    assert(entries[0]!.index === this.lastIndex + 1, 'entries are appended without a gap')
    let bytes = 0
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i]!
      this.#slots.push(entry)
      bytes += entrySizeBytes(entry)
    }
    this.#bytes += bytes
  }

  /** Drops everything from `index` on. */
  truncateFrom(index: number): void {
    assert(index > this.#baseIndex, 'the base is never truncated')
    for (let i = this.lastIndex; i >= index; i--) this.#bytes -= entrySizeBytes(this.#slots.pop()!)
    this.#forgetCut()
  }

  /** Drops everything; the log begins after this place. */
  reset(index: number, term: Term): void {
    this.#baseIndex = index
    this.#baseTerm = term
    this.#slots = []
    this.#head = 0
    this.#bytes = 0
    this.#forgetCut()
  }

  /** Drops entries up to and including `limit`, but keeps the newest ones that amount to `keepBytes`. */
  compact(limit: number, keepBytes: number): boolean {
    const before = this.#baseIndex
    while (this.#baseIndex < limit && this.#head < this.#slots.length) {
      const entry = this.#slots[this.#head]!
      const size = entrySizeBytes(entry)
      if (this.#bytes - size < keepBytes) break
      this.#slots[this.#head++] = undefined
      this.#bytes -= size
      this.#baseIndex = entry.index
      this.#baseTerm = entry.term
    }
    if (this.#head > SLACK_MAX && this.#head * 2 > this.#slots.length) {
      this.#slots = this.#slots.slice(this.#head)
      this.#head = 0
    }
    if (this.#baseIndex === before) return false
    this.#forgetCut()
    return true
  }

  /** Entries `from` … `to`, both included. The array is shared: it is never changed. */
  slice(from: number, to: number): readonly Entry[] {
    if (this.#cutFrom === from && this.#cut.length === to - from + 1) return this.#cut
    assert(from > this.#baseIndex && to <= this.lastIndex, 'entries that are asked for are in the log')
    const start = this.#head + from - this.#baseIndex - 1
    return this.#slots.slice(start, start + to - from + 1) as Entry[]
  }

  /** Entries from `from` on: all, or as many as fit, but at least one. Its size is `cutBytes`. */
  cut(from: number, bytesMax: number): readonly Entry[] {
    const last = this.lastIndex
    if (this.#cutFrom === from && from + this.#cut.length - 1 === last) return this.#cut
    let to = from
    let bytes = entrySizeBytes(this.at(from))
    while (to < last) {
      const size = entrySizeBytes(this.at(to + 1))
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
    for (let index = from; index <= to; index++) bytes += entrySizeBytes(this.at(index))
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

  #forgetCut(): void {
    this.#cut = []
    this.#cutFrom = 0
  }
}
