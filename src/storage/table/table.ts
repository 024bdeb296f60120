import type { GroupId, LogIndex, Term } from '../../foundation/ids.ts'
import type { Membership } from '../../protocols/raft/membership.ts'

/** Where the state of a table stands; changes in one step with its rows. */
export interface TablePosition {
  readonly index: LogIndex
  readonly term: Term
  readonly membership: Membership
}

/** `value` undefined removes the row. */
export interface RowChange {
  readonly key: Uint8Array
  readonly value: Uint8Array | undefined
}

export interface Row {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

/**
 * The rows of one group's state machine, ordered by key (`memcmp` order).
 *
 * `commit` makes a batch visible together with the position, at once and in memory; `flush` makes what is visible
 * durable in one step, off the event loop. After a crash a table stands at the position of its last finished flush,
 * rows and position together, never between.
 */
export interface Table {
  readonly position: TablePosition
  /** The position that survives a crash; the log may be cut up to it and no further. */
  readonly durablePosition: TablePosition
  /** Bytes of committed rows that are not yet durable: what a flush would write. */
  readonly unflushedBytes: number

  /** The current value, or at least so much of its beginning; undefined when absent. The bytes must not be changed. */
  get(key: Uint8Array, bytesMax?: number): Uint8Array | undefined
  /** Rows in [from, to) in order; `to` undefined means to the end. Valid until the next `commit`; take what you need. */
  scan(from: Uint8Array, to: Uint8Array | undefined): Iterable<Row>
  commit(changes: readonly RowChange[], position: TablePosition): void
  /**
   * Calls back with the durable position. Calls while one runs share the next.
   *
   * A flush may begin later than it was asked for, and takes what was committed until then. `prepare` is called right
   * before it takes it: what that commits is flushed at the very position it was made for.
   */
  flush(done: (durable: TablePosition) => void, prepare?: () => void): void

  /** A view that later commits do not change, for a range read in pages. Bounded in number; close it. */
  freeze(): FrozenTable
  /** A view of the durable state, to be sent to a follower; survives flushes until it is closed. */
  openSnapshot(): TableSnapshot
  /** Takes a snapshot in. One at a time: a new one discards an unfinished one. */
  receiveSnapshot(position: TablePosition): SnapshotReceiver
}

export interface FrozenTable {
  readonly position: TablePosition
  scan(from: Uint8Array, to: Uint8Array | undefined): Iterable<Row>
  close(): void
}

export interface TableSnapshot {
  readonly position: TablePosition
  /** Chunk `chunk` of the stream (about `chunkBytes` of rows each); any chunk may be asked for again. */
  read(chunk: number, done: (bytes: Uint8Array, last: boolean) => void): void
  close(): void
}

export interface SnapshotReceiver {
  /** Chunks in order from 0; they are done in that order too. */
  write(chunk: number, bytes: Uint8Array, done: (error: Error | undefined) => void): void
  /** Replaces the table's rows and position by what was received, durably and in one step. */
  install(done: (error: Error | undefined) => void): void
  discard(): void
}

/** All tables of a node. */
export interface TableStore {
  /** Opens the table of a group; an unknown group starts empty at index 0 with `initial` as its membership. */
  open(group: GroupId, initial: Membership): Table
  close(done: () => void): void
}
