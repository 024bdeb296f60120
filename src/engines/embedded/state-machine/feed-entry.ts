import { assert } from '../../../foundation/assert.ts'
import { type LogIndex, logIndex } from '../../../foundation/ids.ts'
import { versionFromNumber } from '../../../ports/key-value/version.ts'
import { ByteReader } from '../../../wire/bytes/byte-reader.ts'
import { ByteWriter } from '../../../wire/bytes/byte-writer.ts'
import { decodeCommand } from '../../../wire/command/codec.ts'
import type { WireChange } from '../../../wire/parcel/parcel.ts'

/** An entry that changed something, and how. */
export interface EntryChanges {
  readonly index: LogIndex
  /** Views of the feed's memory: not to be changed, and dear to keep for long. */
  readonly changes: readonly WireChange[]
}

/** Size (4 bytes), index (6 bytes), size of the extra (4 bytes): what stands before extra and command in a row. */
export const ENTRY_HEADER_BYTES = 14

/** Most entries have none. */
export const noExtra = new Uint8Array(0)

/** What an entry counts as: part of what is agreed on. */
export const entrySizeBytes = (extra: Uint8Array, command: Uint8Array | undefined): number =>
  ENTRY_HEADER_BYTES + extra.length + (command?.length ?? 0)

/** What is to be said of an entry besides its command: keys that went by themselves, and deletions that found nothing. */
export function encodeExtra(
  removed: readonly Uint8Array[],
  missed: readonly number[] | undefined,
): Uint8Array {
  if (removed.length === 0 && missed === undefined) return noExtra
  const writer = new ByteWriter(256)
  writer.varint(removed.length)
  for (const key of removed) writer.bytes(key)
  if (missed !== undefined) for (const operation of missed) writer.varint(operation)
  return writer.take()
}

export function decodeChanges(
  index: number,
  extra: Uint8Array,
  command: Uint8Array | undefined,
): EntryChanges {
  const version = versionFromNumber(index)
  const changes: WireChange[] = []
  const missed = new Set<number>()
  if (extra.length > 0) {
    const reader = new ByteReader(extra, 'entry of the change feed')
    for (let left = reader.count(1); left > 0; left--) {
      changes.push({ key: reader.bytes(), value: undefined, version, ordinal: changes.length + 1 })
    }
    while (!reader.atEnd) missed.add(reader.varint())
  }
  if (command !== undefined) {
    const decoded = decodeCommand(command)
    assert(decoded.kind === 'commit', 'the feed keeps commits')
    for (const [i, operation] of decoded.operations.entries()) {
      if (missed.has(i)) continue
      const value = operation.kind === 'put' ? operation.value : undefined
      changes.push({ key: operation.key, value, version, ordinal: changes.length + 1 })
    }
  }
  return { index: logIndex(index), changes }
}
