import { logIndex } from '../../foundation/ids.ts'
import { versionFromNumber } from '../../ports/key-value/version.ts'
import { ByteReader } from '../bytes/byte-reader.ts'
import { ByteWriter } from '../bytes/byte-writer.ts'
import { CHANGES } from './format.ts'
import type { ChangesParcel, FeedPlace, WireChange } from './parcel.ts'

/** What a change costs beside its key and its value, about. */
const CHANGE_OVERHEAD_BYTES = 16
const SLAB_BYTES = 256

/** What a change takes of a watch's window, counted the same at both ends. */
export const changeSizeBytes = ({ key, value }: WireChange): number =>
  key.length + (value?.length ?? 0) + CHANGE_OVERHEAD_BYTES

/** By the order of the log: negative when `left` comes first. */
export const comparePlaces = (left: FeedPlace, right: FeedPlace): number =>
  left.index - right.index || left.ordinal - right.ordinal

/**
 * Changes of one range in the order of the log, and how far they reach: all of the range up to `upTo` is in here or was
 * in an earlier batch. Encoded once, however many watchers it is sent to.
 *
 * ```ts
 * const batch = new ChangeBatch(changes, { index: logIndex(8), ordinal: 0 })
 * outgoing.add({ type: 'changes', watches: [{ id: 7, sequence: 1 }], batch })
 * ```
 */
export class ChangeBatch {
  readonly changes: readonly WireChange[]
  readonly upTo: FeedPlace
  /** What it takes of a window. */
  readonly sizeBytes: number
  #encoded: Uint8Array | undefined

  constructor(changes: readonly WireChange[], upTo: FeedPlace) {
    this.changes = changes
    this.upTo = upTo
    let sizeBytes = 0
    for (const change of changes) sizeBytes += changeSizeBytes(change)
    this.sizeBytes = sizeBytes
  }

  get encoded(): Uint8Array {
    this.#encoded ??= encode(this)
    return this.#encoded
  }

  /** The same on memory of its own: changes are views of a message, or of a feed, that is much larger. */
  copy(): ChangeBatch {
    return decodeChangeBatch(this.encoded)
  }
}

function encode({ changes, upTo }: ChangeBatch): Uint8Array {
  const writer = new ByteWriter(SLAB_BYTES)
  writer.varint(upTo.index)
  writer.varint(upTo.ordinal)
  writer.varint(changes.length)
  for (const { key, value, version, ordinal } of changes) {
    writer.varint(version)
    writer.varint(ordinal)
    writer.bytes(key)
    writer.flag(value !== undefined)
    if (value !== undefined) writer.bytes(value)
  }
  return writer.take()
}

export function writeChanges(writer: ByteWriter, { watches, batch }: ChangesParcel): void {
  writer.byte(CHANGES)
  writer.varint(watches.length)
  for (const { id, sequence } of watches) {
    writer.varint(id)
    writer.varint(sequence)
  }
  writer.bytes(batch.encoded)
}

/** Reads what follows the kind. */
export function readChanges(reader: ByteReader): ChangesParcel {
  const watches: { id: number; sequence: number }[] = []
  for (let left = reader.count(2); left > 0; left--) {
    const id = reader.varint()
    watches.push({ id, sequence: reader.varint() })
  }
  return { type: 'changes', watches, batch: decodeChangeBatch(reader.bytes()) }
}

/** Errors: `protocol`, also for changes out of order or beyond `upTo`. */
export function decodeChangeBatch(bytes: Uint8Array): ChangeBatch {
  const reader = new ByteReader(bytes, 'batch of changes')
  const upTo = { index: logIndex(reader.varint()), ordinal: reader.varint() }
  const changes: WireChange[] = []
  let lastVersion = 0
  let lastOrdinal = 0
  for (let left = reader.count(4); left > 0; left--) {
    const version = reader.varint()
    const ordinal = reader.varint()
    const isAfter = version > lastVersion || (version === lastVersion && ordinal > lastOrdinal)
    const isWithin = version < upTo.index || (version === upTo.index && ordinal <= upTo.ordinal)
    if (ordinal === 0 || !isAfter || !isWithin) {
      const place = `after ${lastVersion}.${lastOrdinal} and up to ${upTo.index}.${upTo.ordinal}`
      reader.fail(`expected a change ${place}, found ${version}.${ordinal}`)
    }
    lastVersion = version
    lastOrdinal = ordinal
    const key = reader.bytes()
    const value = reader.flag() ? reader.bytes() : undefined
    changes.push({ key, value, version: versionFromNumber(version), ordinal })
  }
  reader.expectEnd()
  return new ChangeBatch(changes, upTo)
}
