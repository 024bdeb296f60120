import { type LogIndex, logIndex } from '../../../foundation/ids.ts'
import { ChangeBatch, changeSizeBytes, comparePlaces } from '../../../wire/parcel/change-batch.ts'
import type { FeedPlace, WireChange } from '../../../wire/parcel/parcel.ts'
import type { WatchedRange, WatchedRanges } from './watched-ranges.ts'

/** The changes that a group keeps, in the order of the log. */
export interface ChangeFeed {
  /** Changes of entries up to here are gone. */
  readonly compactedIndex: LogIndex
  /** The entries after `index` that changed something. */
  after(index: LogIndex): Iterable<{ readonly index: LogIndex; readonly changes: readonly WireChange[] }>
}

/** A batch, and so a chunk, ends with the change that takes it beyond this. */
export const BATCH_BYTES_MAX = 256 << 10
/** A chunk ends with the entry that takes it beyond this. */
const CHUNK_CHANGES_MAX = 512
const CHUNKS_MAX = 32
/** So many ranges may ask for a look of their own at a chunk; more of them are found all at once. */
const LATE_RANGES_MAX = 8

/** A piece of the feed as objects: all changes from `start` up to `end`, whatever their range. */
export interface FeedChunk {
  readonly start: FeedPlace
  readonly end: FeedPlace
  readonly changes: readonly WireChange[]
  /** By range, for all ranges up to number `rangeCount`; of later ones those that asked. Undefined: nothing of it. */
  batches: Map<WatchedRange, ChangeBatch | undefined>
  rangeCount: number
  isUsed: boolean
}

/**
 * The pieces of the feed that watchers who are behind are at: read once and matched once, however many of them there
 * are. Few are kept, and those that nobody came to lately are dropped.
 *
 * ```ts
 * const chunk = chunks.at(feed, place, appliedIndex)
 * const batch = chunks.batchOf(chunk, range)
 * ```
 */
export class FeedChunks {
  readonly #ranges: WatchedRanges
  /** The one that was used last comes last. */
  #chunks: FeedChunk[] = []
  #readChanges = 0

  constructor(ranges: WatchedRanges) {
    this.#ranges = ranges
  }

  /** How many changes were read from the feed so far: what the work is measured by. */
  get readChanges(): number {
    return this.#readChanges
  }

  /** One that `place` lies in; `place` is not compacted, and not beyond what is applied. */
  at(feed: ChangeFeed, place: FeedPlace, appliedIndex: LogIndex): FeedChunk {
    const at = this.#chunks.findLastIndex((each) => isWithin(place, each))
    let chunk = this.#chunks[at]
    if (chunk === undefined) {
      chunk = this.#read(feed, place, appliedIndex)
      if (this.#chunks.length >= CHUNKS_MAX) this.#chunks.shift()
    } else this.#chunks.splice(at, 1)
    this.#chunks.push(chunk)
    chunk.isUsed = true
    return chunk
  }

  /** Everything of `range` in the chunk; undefined when there is nothing. */
  batchOf(chunk: FeedChunk, range: WatchedRange): ChangeBatch | undefined {
    if (range.number <= chunk.rangeCount || chunk.batches.has(range)) return chunk.batches.get(range)
    if (this.#ranges.count - chunk.rangeCount > LATE_RANGES_MAX) {
      this.#match(chunk)
      return chunk.batches.get(range)
    }
    const changes = chunk.changes.filter(({ key }) => range.includes(key))
    const batch = changes.length === 0 ? undefined : new ChangeBatch(changes, chunk.end)
    chunk.batches.set(range, batch)
    return batch
  }

  /** Those that were not used since the last call. */
  dropUnused(): void {
    this.#chunks = this.#chunks.filter(({ isUsed }) => isUsed)
    for (const chunk of this.#chunks) chunk.isUsed = false
  }

  clear(): void {
    this.#chunks = []
  }

  #read(feed: ChangeFeed, start: FeedPlace, appliedIndex: LogIndex): FeedChunk {
    const changes: WireChange[] = []
    let sizeBytes = 0
    let end: FeedPlace = { index: logIndex(appliedIndex + 1), ordinal: 0 }
    scan: for (const entry of feed.after(logIndex(start.index - 1))) {
      if (entry.index > appliedIndex) break
      if (changes.length >= CHUNK_CHANGES_MAX) {
        end = { index: entry.index, ordinal: 0 }
        break
      }
      for (const change of entry.changes) {
        if (entry.index === start.index && change.ordinal <= start.ordinal) continue
        if (sizeBytes >= BATCH_BYTES_MAX) {
          end = { index: entry.index, ordinal: change.ordinal - 1 }
          break scan
        }
        changes.push(change)
        sizeBytes += changeSizeBytes(change)
      }
    }
    this.#readChanges += changes.length
    // A copy: the place of a watcher moves.
    const { index, ordinal } = start
    const chunk = { start: { index, ordinal }, end, changes, batches: new Map(), rangeCount: 0, isUsed: true }
    this.#match(chunk)
    return chunk
  }

  #match(chunk: FeedChunk): void {
    const byRange = new Map<WatchedRange, WireChange[]>()
    const found: WatchedRange[] = []
    for (const change of chunk.changes) {
      found.length = 0
      this.#ranges.match(change.key, found)
      for (const range of found) {
        const changes = byRange.get(range)
        if (changes === undefined) byRange.set(range, [change])
        else changes.push(change)
      }
    }
    const before = chunk.batches
    chunk.batches = new Map()
    for (const [range, changes] of byRange) {
      // The same as before, if it was made before: it may be encoded.
      chunk.batches.set(range, before.get(range) ?? new ChangeBatch(changes, chunk.end))
    }
    chunk.rangeCount = this.#ranges.count
  }
}

const isWithin = (place: FeedPlace, { start, end }: FeedChunk): boolean =>
  comparePlaces(start, place) <= 0 && comparePlaces(place, end) < 0
