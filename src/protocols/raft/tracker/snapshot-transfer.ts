import type { SnapshotMeta } from '../message.ts'

/** Chunks that may be on their way at once. */
const SNAPSHOT_WINDOW = 4

/**
 * A snapshot on its way to one follower. Chunks below `acknowledged` are there; those below `requested` were asked of
 * the host, one at a time: only what was read tells whether another one follows.
 */
export class SnapshotTransfer {
  /** Known once the first chunk was read: its index says which snapshot the follower's answers are about. */
  meta: SnapshotMeta | undefined
  acknowledged = 0
  requested = 0
  /** Asked of the host and not yet answered. */
  reading: number | undefined
  /** The last chunk's position, once it was read. */
  lastChunk = Number.POSITIVE_INFINITY
  /** Something came back since the last look for something stuck. */
  moved = true

  /** The chunk to ask the host for; undefined while it is busy, when the window is full or when nothing is left. */
  nextToRead(): number | undefined {
    if (this.reading !== undefined || this.requested > this.lastChunk) return undefined
    if (this.requested >= this.acknowledged + SNAPSHOT_WINDOW) return undefined
    this.reading = this.requested++
    return this.reading
  }

  /** Begins again at what the follower wants: something was lost. */
  rewind(): void {
    this.requested = this.acknowledged
  }
}
