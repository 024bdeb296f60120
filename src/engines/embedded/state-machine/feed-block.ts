import { assert } from '../../../foundation/assert.ts'
import { DureError } from '../../../foundation/errors.ts'
import { REPLACE_NODE } from '../../../storage/identity/replace-node.ts'
import { ByteReader, getUint48 } from '../../../wire/bytes/byte-reader.ts'
import { ByteWriter, putUint48 } from '../../../wire/bytes/byte-writer.ts'
import {
  decodeChanges,
  ENTRY_HEADER_BYTES,
  type EntryChanges,
  entrySizeBytes,
  noExtra,
} from './feed-entry.ts'
import { viewOf } from './row.ts'

/** The first byte of a row of references; that of a row of entries is 0, since none of them is as large as 16 MiB. */
const REFERENCES = 0xff
const ENTRY_BYTES_MAX = 0xff_ffff

/** Items of a row of references: so many entries after each other whose commands say all; or one with an extra. */
const RUN = 0
const EXTRA_ALONE = 1
const EXTRA_AND_COMMAND = 2

/** The bytes of an entry of the log; undefined when the log does not have it. */
export type CommandAt = (index: number) => Uint8Array | undefined

/**
 * Entries of the feed that follow each other: what is a row of the table, and is dropped as a whole. Nothing is copied: the
 * commands lie in the very buffers that the log's entries lie in. What is kept of each is numbers, and no object of its own.
 *
 * Its row has one of two forms:
 *
 * | form | value |
 * | --- | --- |
 * | references | `ff`, size as entries; items: indexes passed over, kind, then how many (a run) or the extra. The log has to keep the entries |
 * | entries | each: size (u32), index (u48), size of the extra (u32), extra, command |
 */
export class FeedBlock {
  readonly firstIndex: number
  /** `ChangeFeed.passed` where it began. */
  readonly logBytes: number
  readonly #indexes: number[] = []
  /** Where each command lies. Undefined: the extra says all, or it was compacted before the block was read. */
  readonly #buffers: (ArrayBufferLike | undefined)[] = []
  readonly #offsets: number[] = []
  readonly #lengths: number[] = []
  readonly #sizes: number[] = []
  /** By place in the block. */
  #extras: Map<number, Uint8Array> | undefined
  #sizeBytes = 0
  /** As many of its entries are in its row; 0 when it has none. */
  storedCount = 0
  /** Its row holds entries, from the next flush on at the latest. Nothing is added any more. */
  isWhole = false

  constructor(firstIndex: number, logBytes: number) {
    this.firstIndex = firstIndex
    this.logBytes = logBytes
  }

  get count(): number {
    return this.#indexes.length
  }

  get lastIndex(): number {
    return this.#indexes[this.#indexes.length - 1]!
  }

  /** As entries. */
  get sizeBytes(): number {
    return this.#sizeBytes
  }

  push(index: number, extra: Uint8Array, command: Uint8Array | undefined): void {
    if (extra.length > 0) (this.#extras ??= new Map()).set(this.#indexes.length, extra)
    const sizeBytes = entrySizeBytes(extra, command)
    this.#indexes.push(index)
    this.#buffers.push(command?.buffer)
    this.#offsets.push(command === undefined ? 0 : command.byteOffset)
    this.#lengths.push(command === undefined ? 0 : command.length)
    this.#sizes.push(sizeBytes)
    this.#sizeBytes += sizeBytes
  }

  indexAt(at: number): number {
    return this.#indexes[at]!
  }

  sizeAt(at: number): number {
    return this.#sizes[at]!
  }

  changesAt(at: number): EntryChanges {
    return decodeChanges(this.#indexes[at]!, this.#extraAt(at), this.#commandAt(at))
  }

  /** Asks for a row of entries: the log is free to forget them once that is durable. */
  makeWhole(): void {
    this.isWhole = true
    this.storedCount = 0
  }

  /** The value of its row. */
  encode(): Uint8Array {
    this.storedCount = this.count
    return this.isWhole ? this.#encodeEntries() : this.#encodeReferences()
  }

  /** It was read from its row, whichever form that had. */
  wasStored(isWhole: boolean, sizeBytes = this.#sizeBytes): this {
    this.isWhole = isWhole
    this.storedCount = this.count
    this.#sizeBytes = sizeBytes
    return this
  }

  #extraAt(at: number): Uint8Array {
    return this.#extras?.get(at) ?? noExtra
  }

  #commandAt(at: number): Uint8Array | undefined {
    const buffer = this.#buffers[at]
    return buffer && new Uint8Array(buffer, this.#offsets[at], this.#lengths[at])
  }

  #encodeEntries(): Uint8Array {
    const bytes = new Uint8Array(this.#sizeBytes)
    let offset = 0
    for (let i = 0; i < this.count; i++) {
      const extra = this.#extraAt(i)
      const command = this.#commandAt(i)
      const sizeBytes = this.#sizes[i]!
      assert(sizeBytes <= ENTRY_BYTES_MAX, 'an entry of the feed is smaller than 16 MiB')
      putUint32(bytes, offset, sizeBytes)
      putUint48(bytes, offset + 4, this.#indexes[i]!)
      putUint32(bytes, offset + 10, extra.length)
      bytes.set(extra, offset + ENTRY_HEADER_BYTES)
      if (command !== undefined) bytes.set(command, offset + ENTRY_HEADER_BYTES + extra.length)
      offset += sizeBytes
    }
    // Less than was counted, if commands were compacted before the block was read.
    return bytes.subarray(0, offset)
  }

  #encodeReferences(): Uint8Array {
    const writer = new ByteWriter(64)
    writer.byte(REFERENCES)
    writer.varint(this.#sizeBytes)
    let next = 0
    for (let i = 0; i < this.count; ) {
      const index = this.#indexes[i]!
      writer.varint(index - next)
      const extra = this.#extraAt(i)
      let length = 1
      if (extra.length > 0) {
        writer.byte(this.#buffers[i] === undefined ? EXTRA_ALONE : EXTRA_AND_COMMAND)
        writer.bytes(extra)
      } else {
        while (this.#indexes[i + length] === index + length && !this.#extras?.has(i + length)) length++
        writer.byte(RUN)
        writer.varint(length)
      }
      next = index + length
      i += length
    }
    return writer.take()
  }
}

/** Whether the log has to keep the entries of a block with this row. */
export const isReferences = (row: Uint8Array): boolean => row[0] === REFERENCES

/** From a row of entries, which is copied. */
export function decodeEntries(row: Uint8Array): FeedBlock {
  const bytes = new Uint8Array(row)
  const view = viewOf(bytes)
  const block = new FeedBlock(getUint48(bytes, 4), 0)
  let offset = 0
  while (offset < bytes.length) {
    const end = offset + view.getUint32(offset)
    const commandAt = offset + ENTRY_HEADER_BYTES + view.getUint32(offset + 10)
    const extra = bytes.subarray(offset + ENTRY_HEADER_BYTES, commandAt)
    const command = commandAt === end ? undefined : bytes.subarray(commandAt, end)
    block.push(getUint48(bytes, offset + 4), extra, command)
    offset = end
  }
  return block.wasStored(true)
}

/**
 * From a row of references. Of entries up to `compactedIndex` the place is known and
 * no more. Throws `corrupt` when the log lacks one that comes after.
 */
export function decodeReferences(
  row: Uint8Array,
  compactedIndex: number,
  commandAt: CommandAt,
  logBytesBefore: (index: number) => number,
): FeedBlock {
  const reader = new ByteReader(row, 'block of the change feed')
  reader.byte()
  const sizeBytes = reader.varint()
  let next = reader.varint()
  const block = new FeedBlock(next, logBytesBefore(next))
  const commandOf = (index: number): Uint8Array | undefined => {
    if (index <= compactedIndex) return undefined
    const command = commandAt(index)
    if (command === undefined) throw missing(index)
    return command
  }
  for (;;) {
    const kind = reader.byte()
    if (kind === RUN) {
      for (const end = next + reader.varint(); next < end; next++) block.push(next, noExtra, commandOf(next))
    } else {
      const extra = new Uint8Array(reader.bytes())
      block.push(next, extra, kind === EXTRA_AND_COMMAND ? commandOf(next) : undefined)
      next++
    }
    if (reader.atEnd) return block.wasStored(false, sizeBytes)
    next += reader.varint()
  }
}

const missing = (index: number): DureError =>
  new DureError(
    'corrupt',
    `the change feed in the table refers to entry ${index}, which the log does not hold: the log was cut beyond what the table needs of it. Stop this node, and ${REPLACE_NODE}`,
  )

function putUint32(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >>> 24
  bytes[offset + 1] = value >>> 16
  bytes[offset + 2] = value >>> 8
  bytes[offset + 3] = value
}
