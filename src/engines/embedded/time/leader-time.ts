import { DureError } from '../../../foundation/errors.ts'
import type { LogIndex } from '../../../foundation/ids.ts'
import { mark } from '../../../foundation/marks.ts'
import type { Runtime, Timer } from '../../../runtime/runtime.ts'
import { encodeCommand } from '../../../wire/command/codec.ts'
import { LogClock } from './log-clock.ts'

/**
 * While something may expire the clock is read at least this often: far below its bounded step, so that none of the time
 * is lost. It is also how late an expiry may be noticed.
 */
const CHECK_INTERVAL_MS_MAX = 250

/** What is looked at of the state machine. */
export interface Expiring {
  readonly logTimeMs: number
  readonly nextDueMs: number | undefined
}

/**
 * Log time while this node leads: stamps what it proposes, and proposes that time passes when something is due and nobody
 * else has a command to stamp. One such proposal at a time; nothing at all where nothing ever expires.
 */
export class LeaderTime {
  readonly #runtime: Runtime
  readonly #stateMachine: Expiring
  readonly #wake: () => void
  readonly #clock = new LogClock()
  #isLeading = false
  #isDue = false
  /** Of the proposal on its way, from when the core is asked until it is applied. */
  #token: number | undefined
  #index: LogIndex | undefined
  #timer: Timer | undefined

  /** `wake` asks for a turn, in which `isDue` is looked at. */
  constructor(runtime: Runtime, stateMachine: Expiring, wake: () => void) {
    this.#runtime = runtime
    this.#stateMachine = stateMachine
    this.#wake = wake
  }

  /** Something is due, and a command is wanted that says that time has passed. */
  get isDue(): boolean {
    return this.#isDue
  }

  nowMs(): number {
    return this.#clock.read(this.#runtime.clock.monotonicMs(), this.#stateMachine.logTimeMs)
  }

  /** Counts the time up to `monotonicMs`; to be called often. */
  passed(monotonicMs: number): void {
    if (this.#isLeading) this.#clock.read(monotonicMs, this.#stateMachine.logTimeMs)
  }

  /** This node leads. */
  start(): void {
    this.stop()
    this.#isLeading = true
    this.#clock.start(this.#runtime.clock.monotonicMs(), this.#stateMachine.logTimeMs)
    this.#check()
  }

  /** It leads no more, or ends. */
  stop(): void {
    this.#isLeading = false
    this.#isDue = false
    this.#token = undefined
    this.#index = undefined
    this.#timer?.cancel()
    this.#timer = undefined
  }

  /** Other commands are about to be proposed: their log time does as well. */
  isServed(): void {
    this.#isDue = false
  }

  /** The command to propose under `token`. */
  propose(token: number): Uint8Array {
    mark('node/log-time-proposed')
    this.#isDue = false
    this.#token = token
    return encodeCommand({ kind: 'advance-time', logTimeMs: Math.floor(this.nowMs()) })
  }

  appended(token: number, index: LogIndex): void {
    if (token === this.#token) this.#index = index
  }

  /** It is tried again when the clock is read next. */
  refused(token: number): void {
    if (token === this.#token) this.#token = undefined
  }

  /** All entries up to `index` were applied. */
  applied(index: LogIndex): void {
    if (!this.#isLeading) return
    if (this.#index !== undefined && index >= this.#index) {
      this.#token = undefined
      this.#index = undefined
      // There may be more than one entry removes.
      this.#check()
    } else if (this.#timer === undefined) {
      this.#check()
    }
  }

  #check(): void {
    const dueMs = this.#nextDueMs()
    if (dueMs === undefined) return
    const leftMs = dueMs - this.nowMs()
    if (leftMs <= 0 && this.#token === undefined) {
      this.#isDue = true
      this.#wake()
    }
    this.#timer ??= this.#runtime.timer(
      leftMs > 0 ? Math.min(leftMs, CHECK_INTERVAL_MS_MAX) : CHECK_INTERVAL_MS_MAX,
      () => {
        this.#timer = undefined
        this.#check()
      },
    )
  }

  /** A row that cannot be read stops the node, as it would when its entry is applied. */
  #nextDueMs(): number | undefined {
    try {
      return this.#stateMachine.nextDueMs
    } catch (error) {
      if (!(error instanceof DureError)) throw error
      return this.#runtime.abort(error)
    }
  }
}
