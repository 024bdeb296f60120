import type { SnapshotMeta } from '../message.ts'

/** Chunks that may be read or on their way at once. */
export const SNAPSHOT_WINDOW = 4

/** A snapshot on its way to one follower. Chunks below `acknowledged` are there; those below `requested` were asked of the host. */
export class SnapshotTransfer {
  /** Known once the first chunk was read: its index says which snapshot the follower's answers are about. */
  meta: SnapshotMeta | undefined
  acknowledged = 0
  requested = 0
  /** Asked of the host and not yet answered. */
  reading = 0
  /** The last chunk's position, once it was read. */
  lastChunk = Number.POSITIVE_INFINITY
  /** Something came back since the last look for something stuck. */
  moved = true

  /** The next chunk to ask the host for; undefined when the window is full or nothing is left. */
  nextToRead(): number | undefined {
    // Only the first chunk tells which snapshot this is: nothing else can be asked for before.
    const window = this.meta === undefined ? 1 : SNAPSHOT_WINDOW
    if (this.requested >= this.acknowledged + window || this.requested > this.lastChunk) return undefined
    this.reading++
    return this.requested++
  }

  /** Begins again at what the follower wants: something was lost. */
  rewind(): void {
    this.requested = this.acknowledged
  }
}
