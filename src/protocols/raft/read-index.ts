import { logIndex } from '../../foundation/ids.ts'
import { mark } from '../../foundation/marks.ts'
import type { Core } from './core.ts'
import { sendHeartbeats } from './heartbeats.ts'
import type { Progress } from './tracker/progress.ts'
import type { Tracker } from './tracker/tracker.ts'

/** Reads that one exchange of heartbeats confirms. */
interface ReadRound {
  readonly context: number
  readonly index: number
  readonly tokens: readonly number[]
}

/**
 * Linearizable reads without a log entry (dissertation, 6.4).
 *
 * A round takes all waiting reads, notes the commit index and a context that was never used before, and only then sends
 * heartbeats with it. Why this is linearizable: every read of the round was registered before its heartbeats left. When
 * a majority has answered with this context or a later one, each of them still followed our term *after* all of these
 * reads began, so no later leader could have committed anything before they began; and what was committed before is at
 * or below our commit index, since an entry of our own term is committed (until then reads wait). So a state that
 * includes the noted index is never older than what finished before any of these reads began.
 *
 * A context is one number that grows for as long as this object lives, and answers count only in their term, so an
 * answer to an old question never confirms a new read: a read that was registered later always has a higher context.
 *
 * The first read starts a round at once. Reads that come while it is under way wait for the next one, which starts when
 * it is confirmed, or at the next heartbeat when it seems lost: a thousand reads at once cost two rounds.
 */
export class ReadIndex {
  readonly #core: Core
  readonly #tracker: Tracker
  #context = 0
  #waiting: number[] = []
  #rounds: ReadRound[] = []

  constructor(core: Core, tracker: Tracker) {
    this.#core = core
    this.#tracker = tracker
  }

  add(token: number): void {
    if (this.#waiting.length > 0) mark('raft/read-round-shared')
    if (!this.#isReady()) mark('raft/read-waited-for-own-term')
    this.#waiting.push(token)
    if (this.#rounds.length === 0) this.#startRound()
  }

  /** An entry of our own term may have been committed: what waited for it can begin. */
  onCommit(): void {
    if (this.#rounds.length === 0) this.#startRound()
  }

  onResponse(progress: Progress, context: number): void {
    if (context <= progress.readContext) return
    progress.readContext = context
    this.#confirm()
  }

  /** The membership changed: a smaller majority may be complete already. */
  onMembership(): void {
    this.#confirm()
  }

  /**
   * The context of a regular heartbeat. Reads that wait join here, and so does whatever of an earlier round was lost:
   * its reads are confirmed by answers to this later context too.
   */
  heartbeatContext(): number {
    if (this.#waiting.length > 0 && this.#isReady()) this.#rounds.push(this.#newRound())
    else if (this.#rounds.length > 0) this.#context++
    return this.#rounds.length > 0 ? this.#context : 0
  }

  leadershipLost(): void {
    for (const round of this.#rounds) {
      for (const token of round.tokens) this.#core.refuse(token, 'leadership-lost')
    }
    for (const token of this.#waiting) this.#core.refuse(token, 'leadership-lost')
    this.#rounds = []
    this.#waiting = []
  }

  #confirm(): void {
    const rounds = this.#rounds
    if (rounds.length === 0) return
    let confirmed = 0
    while (confirmed < rounds.length) {
      const { context } = rounds[confirmed]!
      if (!this.#tracker.hasQuorum((progress) => progress.readContext >= context)) break
      confirmed++
    }
    if (confirmed === 0) return
    for (const round of rounds.splice(0, confirmed)) this.#answer(round)
    if (rounds.length === 0) this.#startRound()
  }

  #startRound(): void {
    if (this.#waiting.length === 0 || !this.#isReady()) return
    const round = this.#newRound()
    if (this.#core.isSingleVoter) {
      this.#answer(round)
      return
    }
    this.#rounds.push(round)
    sendHeartbeats(this.#core, this.#tracker, round.context)
  }

  #newRound(): ReadRound {
    const tokens = this.#waiting
    this.#waiting = []
    return { context: ++this.#context, index: this.#core.commitIndex, tokens }
  }

  #answer(round: ReadRound): void {
    for (const token of round.tokens) this.#core.emit({ type: 'read', token, index: logIndex(round.index) })
  }

  /** Until an entry of our own term is committed our commit index may lag behind what an earlier leader committed. */
  #isReady(): boolean {
    const { log, commitIndex, term } = this.#core
    return log.termAt(commitIndex) === term
  }
}
