import type { HistoryEvent } from './event.ts'

/**
 * A history as it was recorded, by whatever tool.
 *
 * ```ts
 * const history: RecordedHistory = { origin: 'dure', events: [] }
 * ```
 */
export interface RecordedHistory {
  readonly origin: HistoryOrigin
  /** In the order of `index`. */
  readonly events: readonly HistoryEvent[]
  /** On which line of its file each event begins, where it was read from one: so that errors and witnesses can say it. */
  readonly lines?: ArrayLike<number>
}

/** The line of the event at a place of `events` (not its `index`); undefined when it is not known. */
export function lineOfEvent(history: RecordedHistory, position: number): number | undefined {
  return history.lines?.[position]
}

/**
 * The tool that wrote a history, because tools differ in what they leave unsaid:
 *
 * - `dure`: our JSON lines. Nothing is left unsaid: a register starts absent, and a read of null found it absent.
 * - `jepsen`: EDN or JSON of Jepsen, Knossos and Elle. A register starts at 0, a read of `nil` may be of any value, and
 *   what failed did not happen.
 * - `jepsen-log`: lines of Jepsen's log, as the etcd histories of Porcupine are. A register starts absent, `nil` is
 *   absent, and a compare-and-set that failed did run and found another value.
 * - `porcupine`: Porcupine's key-value form: get, put and append on strings that start empty.
 * - `isolation`: sessions of transactions of reads and writes as AWDIT and its peers write them: without times, so
 *   that only the order within a session is known.
 */
export type HistoryOrigin = 'dure' | 'jepsen' | 'jepsen-log' | 'porcupine' | 'isolation'
