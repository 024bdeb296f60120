import type { GroupId, LogIndex, Term } from '../../foundation/ids.ts'
import type { HardState } from '../../protocols/raft/effect.ts'
import type { Entry } from '../../protocols/raft/entry.ts'

/** One change to one group's part of the log; same meaning as Raft's `persist` and `compacted` effects. */
export interface LogRecord {
  readonly group: GroupId
  readonly hardState?: HardState | undefined
  /** Drops the whole log of the group; it begins after this place. Applies before `entries`. */
  readonly reset?: { readonly index: LogIndex; readonly term: Term } | undefined
  /** Entries up to and including this place are needed no more. Applies before `entries`. */
  readonly compacted?: { readonly index: LogIndex; readonly term: Term } | undefined
  /** Consecutive; the first one replaces everything at or after its index. */
  readonly entries?: readonly Entry[] | undefined
}

/** What recovery found of one group. */
export interface RecoveredGroup {
  readonly group: GroupId
  readonly hardState: HardState
  /** The place before the first entry: (0, 0) or where the log was compacted or reset. */
  readonly base: { readonly index: LogIndex; readonly term: Term }
  readonly entries: readonly Entry[]
}

/**
 * One segmented write-ahead log per node, for all of its Raft groups.
 *
 * `append` takes effect in order. While one sync runs, records gather; the next sync carries all of them, so every
 * group that waits is served by one. `done` comes once the record is durable. A failed write or sync is final: it
 * reaches `Runtime.abort`, never `done`.
 */
export interface Log {
  append(record: LogRecord, done: () => void): void
  /** Bytes of all segments that are kept. */
  readonly sizeBytes: number
  /** Since when the oldest write has been waiting for its sync; undefined when none is. */
  readonly waitingSinceMs: number | undefined
  /** Finishes what was appended and closes the files. */
  close(done: () => void): void
}
