import type { LogIndex } from '../../foundation/ids.ts'
import type { Runtime, Timer } from '../../runtime/runtime.ts'
import type { Table, TablePosition } from '../../storage/table/table.ts'
import type { StorageOptions } from './node-options.ts'
import type { StateMachine } from './state-machine/state-machine.ts'

interface FlushesParts {
  readonly table: Table
  readonly stateMachine: StateMachine
  readonly storage: StorageOptions
  readonly runtime: Runtime
  /** The log up to this entry is not needed any more, but for what is kept of it anyway. */
  readonly compact: (index: LogIndex) => void
}

/** The change feed may hold the log back to so many times what is kept of it anyway. */
const FEED_LOG_FACTOR = 4

/**
 * When a group's table is flushed, and what of the log is free after it.
 *
 * A flush costs whatever was changed since the last one, once, however often; so the rarer the cheaper. Three things bound
 * how rare: the rows that wait in memory, the log that must be kept for them (the same rows written again and again take
 * much of it), and the time after a change.
 */
export class Flushes {
  readonly #parts: FlushesParts
  #timer: Timer | undefined
  #isFlushing = false
  #isClosed = false
  /** Of commands that the last flush did not take. */
  #logBytes = 0

  constructor(parts: FlushesParts) {
    this.#parts = parts
  }

  /** An entry with so many bytes is about to be applied. */
  passed(bytes: number): void {
    this.#logBytes += bytes
  }

  /** Flushes now, or has it done in time. */
  whenDue(): void {
    const { table, storage, runtime } = this.#parts
    if (this.#isFlushing) return
    if (table.unflushedBytes >= storage.flushBytesMax) return this.flush(() => {})
    if (this.#logBytes >= storage.flushLogBytesMax) return this.flush(() => {})
    this.#timer ??= runtime.timer(storage.flushIntervalMs, () => {
      this.#timer = undefined
      if (!this.#isFlushing && table.position.index > table.durablePosition.index) this.flush(() => {})
    })
  }

  /**
   * Brings everything that was applied into the table, durably. The change feed may go on referring to so much of the log;
   * with 0 the table holds all of it, as a snapshot of it has to.
   */
  flush(done: () => void, feedLogBytesMax = FEED_LOG_FACTOR * this.#parts.storage.logKeepBytes): void {
    const { table, stateMachine, compact } = this.#parts
    this.#isFlushing = true
    let logNeededAfter: LogIndex | undefined
    const flushed = (durable: TablePosition): void => {
      this.#isFlushing = false
      if (!this.#isClosed) {
        // What lies between is needed by the feed that is durable now.
        compact(logNeededAfter ?? durable.index)
        // What was applied meanwhile may have been the last for long: it is flushed in its time all the same.
        if (table.position.index > durable.index) this.whenDue()
      }
      done()
    }
    table.flush(flushed, () => {
      logNeededAfter = stateMachine.prepareFlush(feedLogBytesMax)
      this.#logBytes = 0
    })
  }

  close(): void {
    this.#isClosed = true
    this.#timer?.cancel()
  }
}
