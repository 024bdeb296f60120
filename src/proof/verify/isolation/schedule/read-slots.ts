import type { IsolationHistory } from '../history/isolation-history.ts'

/**
 * Versions and their readers. A version is a write that is its transaction's last to the key; its number is its place in
 * `writeKey`. Versions of the initial state follow, one for each key.
 */
export class ReadSlots {
  /** Each version that transaction t read of others, once: `slotStart[t]` up to, without, `slotStart[t + 1]`. */
  readonly slotStart: Int32Array
  readonly slotKey: Int32Array
  readonly slotWriter: Int32Array
  /** How many transactions read a version. */
  readonly readers: Int32Array
  /** The readers of version v are `readerOf[readerStart[v]]` up to, without, `readerOf[readerStart[v + 1]]`. */
  readonly readerStart: Int32Array
  readonly readerOf: Int32Array
  /** How many transactions write a key. */
  readonly writersOfKey: Int32Array

  constructor(history: IsolationHistory) {
    const { readStart, readKey, readWriter, writeStart, writeKey } = history.arrays
    const versions = writeKey.length
    this.readers = new Int32Array(versions + history.keys)
    this.slotStart = new Int32Array(history.transactions + 1)
    const slotKey = new Int32Array(readKey.length)
    const slotWriter = new Int32Array(readKey.length)
    const slotVersion = new Int32Array(readKey.length)
    const seenBy = new Int32Array(history.keys).fill(-1)
    let slots = 0
    for (let reader = 0; reader < history.transactions; reader++) {
      this.slotStart[reader] = slots
      for (let at = readStart[reader]!; at < readStart[reader + 1]!; at++) {
        const key = readKey[at]!
        // A second read of a key sees the same version here: other histories are not read atomic.
        if (seenBy[key] === reader) continue
        seenBy[key] = reader
        const writer = readWriter[at]!
        slotKey[slots] = key
        slotWriter[slots] = writer
        let version = versions + key
        if (writer !== history.initial) {
          version = writeStart[writer]!
          while (writeKey[version] !== key) version++
        }
        slotVersion[slots++] = version
        this.readers[version]!++
      }
    }
    this.slotStart[history.transactions] = slots
    this.slotKey = slotKey.slice(0, slots)
    this.slotWriter = slotWriter.slice(0, slots)
    this.readerStart = new Int32Array(this.readers.length + 1)
    for (let version = 0; version < this.readers.length; version++) {
      this.readerStart[version + 1] = this.readerStart[version]! + this.readers[version]!
    }
    this.readerOf = new Int32Array(slots)
    const cursor = this.readerStart.slice(0, this.readers.length)
    for (let reader = 0; reader < history.transactions; reader++) {
      for (let at = this.slotStart[reader]!; at < this.slotStart[reader + 1]!; at++) {
        this.readerOf[cursor[slotVersion[at]!]!++] = reader
      }
    }
    this.writersOfKey = new Int32Array(history.keys)
    for (let at = 0; at < versions; at++) this.writersOfKey[writeKey[at]!]!++
  }

  get memoryBytes(): number {
    return (
      4 *
      (this.slotStart.length + 3 * this.slotKey.length + 2 * this.readers.length + this.writersOfKey.length)
    )
  }
}
