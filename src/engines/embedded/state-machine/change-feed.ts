import { assert } from '../../../foundation/assert.ts'
import { type LogIndex, logIndex } from '../../../foundation/ids.ts'
import { mark } from '../../../foundation/marks.ts'
import type { Entry } from '../../../protocols/raft/entry.ts'
import type { RowChange, Table } from '../../../storage/table/table.ts'
import { type CommandAt, decodeEntries, decodeReferences, FeedBlock, isReferences } from './feed-block.ts'
import { type EntryChanges, encodeExtra, entrySizeBytes } from './feed-entry.ts'
import { space, systemRowKey, viewOf } from './row.ts'

/** What the feed keeps: the newest entries up to both of these. The same on every node, since both count what is applied. */
export interface FeedBounds {
  readonly bytesMax: number
  readonly entriesMax: number
  /** A row of the table, a piece of a snapshot: well below what one message takes, unless one entry alone is larger. */
  readonly blockBytes: number
}

export const feedBounds: FeedBounds = { bytesMax: 32 << 20, entriesMax: 131_072, blockBytes: 64 << 10 }

/** Where the commands are that rows of the table refer to: what a start found of the group's log. */
export interface FeedLog {
  /** The place before the first entry. */
  readonly base: { readonly index: LogIndex }
  readonly entries: readonly Entry[]
}

const noLog: FeedLog = { base: { index: logIndex(0) }, entries: [] }

/** What an entry of the log costs besides its data, roughly, in memory and on disk. */
const LOG_ENTRY_BYTES = 128
/** Where the log would be held back for too much, all of it is written but so small a part. */
const HELD_AFTER_SPILL = 1 / 4

const startKey = new Uint8Array([space.changeStart])

/**
 * The last changes, by the entry that made them: what watches read. Part of the replicated state.
 *
 * The log holds the same commands, so the feed only says which entries of the log it consists of, in memory and in the
 * table, and the log is kept as far back as that goes (`writeDirty`). An entry is decoded when somebody asks.
 */
export class ChangeFeed {
  readonly #bounds: FeedBounds
  /** Oldest first; the last one takes what comes. */
  #blocks: FeedBlock[] = []
  /** So many entries of the first block are dropped. */
  #head = 0
  #entryCount = 0
  #sizeBytes = 0
  #compactedIndex = logIndex(0)
  #lastIndex = logIndex(0)
  /** Of the log up to where it is applied, in what its entries cost; from any beginning. */
  #logBytes = 0

  constructor(bounds: FeedBounds = feedBounds) {
    this.#bounds = bounds
  }

  /** Changes of entries up to this one are gone. */
  get compactedIndex(): LogIndex {
    return this.#compactedIndex
  }

  /** The newest entry with changes; `compactedIndex` when there is none. */
  get lastIndex(): LogIndex {
    return this.#lastIndex
  }

  get entryCount(): number {
    return this.#entryCount
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** Up to here the log is not needed; undefined when it is not needed at all. True once what was written last is durable. */
  get logNeededAfter(): LogIndex | undefined {
    const at = this.#firstReference
    if (at === -1) return undefined
    return logIndex(Math.max(this.#blocks[at]!.firstIndex - 1, this.#compactedIndex))
  }

  /**
   * Entries with changes after `index`, oldest first. `index` is `compactedIndex` at least. Take them in one turn: what
   * is applied meanwhile may compact what comes next.
   */
  *after(index: number): Generator<EntryChanges, void, undefined> {
    assert(index >= this.#compactedIndex, 'what is asked of the feed was not compacted')
    const blocks = this.#blocks
    const first = this.#blockAfter(index)
    for (let i = first; i < blocks.length; i++) {
      const block = blocks[i]!
      for (let at = i === 0 ? this.#head : 0; at < block.count; at++) {
        if (block.indexAt(at) > index) yield block.changesAt(at)
      }
    }
  }

  /**
   * Takes what an entry changed: keys that were removed by themselves, then the operations of its commit but for the
   * `missed` ones (by number, from 0), which found nothing to delete. `commit` is kept as it is: the log's own bytes.
   */
  append(
    index: LogIndex,
    removed: readonly Uint8Array[],
    commit: Uint8Array | undefined,
    missed: readonly number[] | undefined,
    changes: RowChange[],
  ): void {
    const extra = encodeExtra(removed, missed)
    const sizeBytes = entrySizeBytes(extra, commit)
    this.#blockFor(sizeBytes, index).push(index, extra, commit)
    this.#lastIndex = index
    this.#entryCount++
    this.#sizeBytes += sizeBytes
    const { bytesMax, entriesMax } = this.#bounds
    while (this.#entryCount > entriesMax || this.#sizeBytes > bytesMax) this.#dropOldest(changes)
  }

  /** An entry of the log was applied, whether it changed something or not. After `append`. */
  passed(dataBytes: number): void {
    this.#logBytes += dataBytes + LOG_ENTRY_BYTES
  }

  /**
   * The rows that hold what is not in the table yet. They refer to the log, which then has to keep what comes after
   * `logNeededAfter`, but for no more than `logBytesMax` of it: where much passed that changed nothing, older entries are
   * written out. With 0 the table holds all of it by itself, as a snapshot has to.
   */
  writeDirty(logBytesMax: number): RowChange[] {
    const changes: RowChange[] = []
    const start = new Uint8Array(8)
    viewOf(start).setFloat64(0, this.#compactedIndex)
    changes.push({ key: startKey, value: start })
    this.#spill(logBytesMax)
    for (const block of this.#blocks) {
      if (block.storedCount === block.count) continue
      changes.push({ key: systemRowKey(space.change, block.firstIndex), value: block.encode() })
    }
    return changes
  }

  /** Reads all rows: after a start, with what the log holds, and after a snapshot was installed, which needs no log. */
  load(table: Table, log: FeedLog = noLog): void {
    const start = table.get(startKey)
    // A table that was written before there was a feed knows nothing of the past.
    this.#compactedIndex = start === undefined ? table.position.index : logIndex(viewOf(start).getFloat64(0))
    this.#lastIndex = this.#compactedIndex
    this.#blocks = []
    this.#head = 0
    this.#entryCount = 0
    this.#sizeBytes = 0
    this.#logBytes = 0
    const placeOf = (index: number): number => index - log.base.index - 1
    const commandAt: CommandAt = (index) => log.entries[placeOf(index)]?.data
    let counted = 0
    const logBytesBefore = (index: number): number => {
      const end = Math.min(placeOf(index), log.entries.length)
      for (; counted < end; counted++) this.passed(log.entries[counted]!.data.length)
      return this.#logBytes
    }
    for (const { value } of table.scan(new Uint8Array([space.change]), new Uint8Array([space.change + 1]))) {
      if (isReferences(value)) mark('state-machine/feed-read-from-the-log')
      const block = isReferences(value)
        ? decodeReferences(value, this.#compactedIndex, commandAt, logBytesBefore)
        : decodeEntries(value)
      this.#take(block)
    }
    logBytesBefore(table.position.index + 1)
    if (this.#blocks.length > 0) mark('state-machine/feed-restored')
  }

  #take(block: FeedBlock): void {
    for (let at = 0; at < block.count; at++) {
      const index = block.indexAt(at)
      if (index > this.#compactedIndex) {
        this.#entryCount++
        this.#sizeBytes += block.sizeAt(at)
        this.#lastIndex = logIndex(index)
      } else if (this.#blocks.length === 0) {
        this.#head = at + 1
      }
    }
    this.#blocks.push(block)
  }

  #blockFor(sizeBytes: number, index: LogIndex): FeedBlock {
    const last = this.#blocks.at(-1)
    if (last !== undefined && !last.isWhole && last.sizeBytes + sizeBytes <= this.#bounds.blockBytes)
      return last
    const block = new FeedBlock(index, this.#logBytes)
    this.#blocks.push(block)
    return block
  }

  #spill(logBytesMax: number): void {
    const first = this.#firstReference
    if (first === -1 || this.#logBytes - this.#blocks[first]!.logBytes <= logBytesMax) return
    mark('state-machine/feed-spilled')
    const heldMax = logBytesMax * HELD_AFTER_SPILL
    for (let i = first; i < this.#blocks.length; i++) {
      const block = this.#blocks[i]!
      if (this.#logBytes - block.logBytes <= heldMax) return
      block.makeWhole()
    }
  }

  /** The first block whose row refers to the log: all before it are whole. */
  get #firstReference(): number {
    return this.#blocks.findIndex(({ isWhole }) => !isWhole)
  }

  #dropOldest(changes: RowChange[]): void {
    let head = this.#blocks[0]!
    // Where all of the only block was dropped it stayed, to take what comes.
    if (this.#head === head.count) head = this.#dropBlock(changes)
    this.#compactedIndex = logIndex(head.indexAt(this.#head))
    this.#entryCount--
    this.#sizeBytes -= head.sizeAt(this.#head)
    this.#head++
    if (this.#head === head.count && this.#blocks.length > 1) this.#dropBlock(changes)
  }

  #dropBlock(changes: RowChange[]): FeedBlock {
    mark('state-machine/feed-compacted')
    const { storedCount, firstIndex } = this.#blocks.shift()!
    if (storedCount > 0) changes.push({ key: systemRowKey(space.change, firstIndex), value: undefined })
    this.#head = 0
    return this.#blocks[0]!
  }

  /** The first block with something after `index`. */
  #blockAfter(index: number): number {
    let low = 0
    let high = this.#blocks.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#blocks[middle]!.lastIndex > index) high = middle
      else low = middle + 1
    }
    return low
  }
}
