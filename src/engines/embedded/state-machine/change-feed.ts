import { assert } from '../../../foundation/assert.ts'
import { type LogIndex, logIndex } from '../../../foundation/ids.ts'
import { mark } from '../../../foundation/marks.ts'
import { versionFromNumber } from '../../../ports/key-value/version.ts'
import type { RowChange, Table } from '../../../storage/table/table.ts'
import { ByteReader, getUint48 } from '../../../wire/bytes/byte-reader.ts'
import { ByteWriter, putUint48 } from '../../../wire/bytes/byte-writer.ts'
import { decodeCommand } from '../../../wire/command/codec.ts'
import type { WireChange } from '../../../wire/parcel/parcel.ts'
import { space, systemRowKey, viewOf } from './row.ts'

/** What the feed keeps: the newest entries up to both of these. The same on every node, since both count what is applied. */
export interface FeedBounds {
  readonly bytesMax: number
  readonly entriesMax: number
  /** A row of the table, a piece of a snapshot: well below what one message takes, unless one entry alone is larger. */
  readonly blockBytes: number
}

export const feedBounds: FeedBounds = { bytesMax: 32 << 20, entriesMax: 131_072, blockBytes: 64 << 10 }

/** An entry that changed something, and how. */
export interface EntryChanges {
  readonly index: LogIndex
  /** Views of the feed's memory: not to be changed, and dear to keep for long. */
  readonly changes: readonly WireChange[]
}

/** Size (4 bytes), index (6 bytes), size of what stands before the command (4 bytes). */
const HEADER_BYTES = 14

/** Entries one after the other; what was written is never changed, so views of it stay good. */
interface Block {
  readonly bytes: Uint8Array
  usedBytes: number
  /** As many are in its row of the table; 0 when it has none. */
  storedBytes: number
  readonly firstIndex: number
  lastIndex: number
}

const startKey = new Uint8Array([space.changeStart])
const nothing = new Uint8Array(0)

/**
 * The last changes, by the entry that made them: what watches read. Part of the replicated state.
 *
 * An entry is kept as the bytes of its command, copied once into a block of 64 KiB, and decoded when somebody asks. So
 * retaining it pins no message of the network, a block is a row of the table as it is, and there are no objects for
 * the garbage collector to walk. Blocks become rows with the next flush: under load many are gone by then, and were never
 * written.
 */
export class ChangeFeed {
  readonly #bounds: FeedBounds
  /** Oldest first; the last one takes what comes. */
  #blocks: Block[] = []
  /** Where the oldest entry begins, in the first block. */
  #headOffset = 0
  #entryCount = 0
  #sizeBytes = 0
  #compactedIndex = logIndex(0)
  #lastIndex = logIndex(0)

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

  /**
   * Entries with changes after `index`, oldest first. `index` is `compactedIndex` at least. Take them in one turn: what
   * is applied meanwhile may compact what comes next.
   */
  *after(index: number): Generator<EntryChanges, void, undefined> {
    assert(index >= this.#compactedIndex, 'what is asked of the feed was not compacted')
    const blocks = this.#blocks
    const first = this.#blockAfter(index)
    for (let i = first; i < blocks.length; i++) {
      const { bytes, usedBytes } = blocks[i]!
      const view = viewOf(bytes)
      let offset = i === 0 ? this.#headOffset : 0
      while (offset < usedBytes) {
        const sizeBytes = view.getUint32(offset)
        const at = getUint48(bytes, offset + 4)
        if (at > index) yield decodeEntry(bytes, offset, sizeBytes, at)
        offset += sizeBytes
      }
    }
  }

  /**
   * Takes what an entry changed: keys that were removed by themselves, then the operations of its commit but for the
   * `missed` ones (by number, from 0), which found nothing to delete.
   */
  append(
    index: LogIndex,
    removed: readonly Uint8Array[],
    commit: Uint8Array | undefined,
    missed: readonly number[] | undefined,
    changes: RowChange[],
  ): void {
    const extra = removed.length === 0 && missed === undefined ? nothing : encodeExtra(removed, missed ?? [])
    const command = commit ?? nothing
    const sizeBytes = HEADER_BYTES + extra.length + command.length
    const block = this.#roomFor(sizeBytes, index)
    const { bytes, usedBytes } = block
    putUint32(bytes, usedBytes, sizeBytes)
    putUint48(bytes, usedBytes + 4, index)
    putUint32(bytes, usedBytes + 10, extra.length)
    bytes.set(extra, usedBytes + HEADER_BYTES)
    bytes.set(command, usedBytes + HEADER_BYTES + extra.length)
    block.usedBytes += sizeBytes
    block.lastIndex = index
    this.#lastIndex = index
    this.#entryCount++
    this.#sizeBytes += sizeBytes
    const { bytesMax, entriesMax } = this.#bounds
    while (this.#entryCount > entriesMax || this.#sizeBytes > bytesMax) this.#dropOldest(changes)
  }

  /** The rows that hold what is not in the table yet. */
  writeDirty(): RowChange[] {
    const changes: RowChange[] = []
    const start = new Uint8Array(8)
    viewOf(start).setFloat64(0, this.#compactedIndex)
    changes.push({ key: startKey, value: start })
    // What is older than a block whose row is complete has one too.
    for (let i = this.#blocks.length - 1; i >= 0; i--) {
      const block = this.#blocks[i]!
      if (block.storedBytes === block.usedBytes) break
      block.storedBytes = block.usedBytes
      changes.push(rowOf(block))
    }
    return changes
  }

  /** Reads all rows: after a start, and after a snapshot was installed. */
  load(table: Table): void {
    const start = table.get(startKey)
    // A table that was written before there was a feed knows nothing of the past.
    this.#compactedIndex = start === undefined ? table.position.index : logIndex(viewOf(start).getFloat64(0))
    this.#lastIndex = this.#compactedIndex
    this.#blocks = []
    this.#headOffset = 0
    this.#entryCount = 0
    this.#sizeBytes = 0
    for (const row of table.scan(new Uint8Array([space.change]), new Uint8Array([space.change + 1]))) {
      this.#loadBlock(row.value)
    }
    const last = this.#blocks.at(-1)
    if (last !== undefined) mark('state-machine/feed-restored')
    const { blockBytes } = this.#bounds
    if (last !== undefined && last.usedBytes < blockBytes) {
      const bytes = new Uint8Array(blockBytes)
      bytes.set(last.bytes)
      this.#blocks[this.#blocks.length - 1] = { ...last, bytes }
    }
  }

  #loadBlock(row: Uint8Array): void {
    const bytes = new Uint8Array(row)
    const view = viewOf(bytes)
    let offset = 0
    let index = 0
    while (offset < bytes.length) {
      const sizeBytes = view.getUint32(offset)
      index = getUint48(bytes, offset + 4)
      offset += sizeBytes
      if (index > this.#compactedIndex) {
        this.#entryCount++
        this.#sizeBytes += sizeBytes
        this.#lastIndex = logIndex(index)
      } else if (this.#blocks.length === 0) {
        this.#headOffset = offset
      }
    }
    const firstIndex = getUint48(bytes, 4)
    const usedBytes = bytes.length
    this.#blocks.push({ bytes, usedBytes, storedBytes: usedBytes, firstIndex, lastIndex: index })
  }

  #roomFor(sizeBytes: number, index: LogIndex): Block {
    const last = this.#blocks.at(-1)
    if (last !== undefined && last.usedBytes + sizeBytes <= last.bytes.length) return last
    // Not cleared: nobody sees what lies beyond `usedBytes`.
    const bytes = new Uint8Array(Buffer.allocUnsafeSlow(Math.max(this.#bounds.blockBytes, sizeBytes)).buffer)
    const block = { bytes, usedBytes: 0, storedBytes: 0, firstIndex: index, lastIndex: index }
    this.#blocks.push(block)
    return block
  }

  #dropOldest(changes: RowChange[]): void {
    mark('state-machine/feed-compacted')
    let head = this.#blocks[0]!
    // Where all of the only block was dropped it stayed, to take what comes.
    if (this.#headOffset === head.usedBytes) head = this.#dropBlock(changes)
    const sizeBytes = viewOf(head.bytes).getUint32(this.#headOffset)
    this.#compactedIndex = logIndex(getUint48(head.bytes, this.#headOffset + 4))
    this.#headOffset += sizeBytes
    this.#entryCount--
    this.#sizeBytes -= sizeBytes
    if (this.#headOffset === head.usedBytes && this.#blocks.length > 1) this.#dropBlock(changes)
  }

  #dropBlock(changes: RowChange[]): Block {
    const dropped = this.#blocks.shift()!
    if (dropped.storedBytes > 0)
      changes.push({ key: systemRowKey(space.change, dropped.firstIndex), value: undefined })
    this.#headOffset = 0
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

const rowOf = ({ bytes, usedBytes, firstIndex }: Block): RowChange => ({
  key: systemRowKey(space.change, firstIndex),
  value: bytes.subarray(0, usedBytes),
})

function encodeExtra(removed: readonly Uint8Array[], missed: readonly number[]): Uint8Array {
  const writer = new ByteWriter(256)
  writer.varint(removed.length)
  for (const key of removed) writer.bytes(key)
  for (const operation of missed) writer.varint(operation)
  return writer.take()
}

function decodeEntry(bytes: Uint8Array, offset: number, sizeBytes: number, index: number): EntryChanges {
  const extraBytes = viewOf(bytes).getUint32(offset + 10)
  const commandAt = offset + HEADER_BYTES + extraBytes
  const version = versionFromNumber(index)
  const changes: WireChange[] = []
  const missed = new Set<number>()
  if (extraBytes > 0) {
    const extra = new ByteReader(bytes.subarray(offset + HEADER_BYTES, commandAt), 'entry of the change feed')
    for (let left = extra.count(1); left > 0; left--) {
      changes.push({ key: extra.bytes(), value: undefined, version, ordinal: changes.length + 1 })
    }
    while (!extra.atEnd) missed.add(extra.varint())
  }
  if (commandAt < offset + sizeBytes) {
    const command = decodeCommand(bytes.subarray(commandAt, offset + sizeBytes))
    assert(command.kind === 'commit', 'the feed keeps commits')
    for (const [i, operation] of command.operations.entries()) {
      if (missed.has(i)) continue
      const value = operation.kind === 'put' ? operation.value : undefined
      changes.push({ key: operation.key, value, version, ordinal: changes.length + 1 })
    }
  }
  return { index: logIndex(index), changes }
}

function putUint32(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >>> 24
  bytes[offset + 1] = value >>> 16
  bytes[offset + 2] = value >>> 8
  bytes[offset + 3] = value
}
