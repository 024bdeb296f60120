import type { LogIndex } from '../../../foundation/ids.ts'
import type { ChangeBatch } from '../../../wire/parcel/change-batch.ts'
import type { ChangePlace, ErrorResponse } from '../../../wire/parcel/parcel.ts'
import type { WatchedRange } from './watched-ranges.ts'

/** Where the changes of watches go: a connection, or a caller of this process. */
export interface WatchOutlet {
  /** `sequence`: see `ChangesParcel`. */
  changes(id: number, sequence: number, batch: ChangeBatch): void
  /** The last word about it. */
  ended(id: number, reason: ErrorResponse): void
}

/**
 * - `caught-up`: has all that the hub has seen, and is given what comes with all the others
 * - `behind`: reads what it lacks from the feed, with others that are near
 * - `blocked`: behind, with its window closed
 * - `ahead`: its place lies beyond what this node has applied
 */
export type WatcherState = 'caught-up' | 'behind' | 'blocked' | 'ahead' | 'ended'

/** One open watch, as the node keeps it: small, there are thousands. */
export class Watcher {
  readonly outlet: WatchOutlet
  readonly id: number
  readonly range: WatchedRange
  readonly windowBytes: number
  state: WatcherState = 'behind'
  allowedBytes: number
  sentBytes = 0
  /** That of the last message. */
  sequence = 0
  /** Sweeps since then. */
  quietSweeps = 0
  /** Sweeps that it was ahead. */
  aheadSweeps = 0
  /** Its place; while it is caught up, that of the hub is meant instead. */
  index: LogIndex
  ordinal: number

  constructor(outlet: WatchOutlet, id: number, range: WatchedRange, after: ChangePlace, windowBytes: number) {
    this.outlet = outlet
    this.id = id
    this.range = range
    this.index = after.index
    this.ordinal = after.ordinal
    this.windowBytes = windowBytes
    this.allowedBytes = windowBytes
  }

  /** So much fits. One change of any size goes while half of the window is open, or it would wait for ever. */
  admits(sizeBytes: number, isOneChange: boolean): boolean {
    const roomBytes = this.allowedBytes - this.sentBytes
    return sizeBytes <= roomBytes || (isOneChange && 2 * roomBytes >= this.windowBytes)
  }
}
