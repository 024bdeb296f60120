import { assert } from '../../foundation/assert.ts'
import { logIndex, type NodeId, type Term } from '../../foundation/ids.ts'
import { mark } from '../../foundation/marks.ts'
import type { Core } from './core.ts'
import type { HardState } from './effect.ts'
import type { AppendResponse, Message } from './message.ts'

/** A `persist` effect that the host has not answered yet. */
interface PendingPersist {
  readonly sequence: number
  readonly sinceMs: number
  /** The last entry (or the reset place) it holds; index -1 when it holds none. */
  readonly lastIndex: number
  readonly lastTerm: Term
  readonly held: Message[]
  /** Of several acknowledgements only the furthest one matters. */
  acknowledgement: AppendResponse | undefined
}

/**
 * What goes to the disk, what came back, and the messages that wait for it.
 *
 * One `persist` at most leaves each step, at its end. A message that promises something is held with the newest
 * unanswered `persist`, and let go when that is answered, unless the term has changed since: then what it promised may
 * no longer hold, and nobody waits for it.
 */
export class Persistence {
  readonly #core: Core
  #sequence = 0
  readonly #pending: PendingPersist[] = []
  /** Term, vote and commit index as last emitted. */
  #term: Term
  #vote: NodeId | undefined
  #commitIndex: number
  /** The last `persist` that changed term or vote. */
  #hardStateSequence = 0
  #answeredSequence = 0
  /** The first entry that no `persist` effect has carried. */
  #unsentFrom: number
  #durableIndex: number
  #reset = false
  #held: Message[] = []
  #acknowledgement: AppendResponse | undefined

  constructor(core: Core, durable: HardState) {
    this.#core = core
    this.#term = durable.term
    this.#vote = durable.vote
    this.#commitIndex = durable.commitIndex
    this.#durableIndex = core.log.lastIndex
    this.#unsentFrom = core.log.lastIndex + 1
  }

  /** Every entry up to here is on our disk as it stands in our log. */
  get durableIndex(): number {
    return this.#durableIndex
  }

  /** When the oldest unanswered `persist` left; undefined when none is. */
  get waitingSinceMs(): number | undefined {
    return this.#pending[0]?.sinceMs
  }

  /** The disk has not finished a write for so long that it counts as hung. */
  get isHung(): boolean {
    const since = this.waitingSinceMs
    return since !== undefined && this.#core.nowMs - since >= this.#core.config.durableProgressTimeoutMs
  }

  /** Entries from `index` on are new, and replace what was there. */
  appended(index: number): void {
    this.#unsentFrom = Math.min(this.#unsentFrom, index)
    this.#durableIndex = Math.min(this.#durableIndex, index - 1)
  }

  /** The log was replaced by its base. */
  wasReset(): void {
    this.#reset = true
    this.#durableIndex = 0
    this.#unsentFrom = this.#core.log.baseIndex + 1
  }

  /** Leaves once everything that this step changed, and all before it, is on the disk. */
  hold(message: Message): void {
    this.#held.push(message)
  }

  /** Leaves once the entries it acknowledges, and our term, are on the disk. */
  holdAcknowledgement(acknowledgement: AppendResponse): void {
    this.#acknowledgement = acknowledgement
  }

  /** The end of a step: emits what it changed. */
  flush(): void {
    const { log, term, vote, commitIndex } = this.#core
    const termOrVote = term !== this.#term || vote !== this.#vote
    const hasEntries = this.#unsentFrom <= log.lastIndex
    if (termOrVote || hasEntries || this.#reset) this.#emit(termOrVote, hasEntries)
    if (this.#held.length > 0) {
      const newest = this.#pending.at(-1)
      for (const message of this.#held) {
        if (newest === undefined) this.#core.send(message)
        else newest.held.push(message)
      }
      this.#held = []
    }
    const acknowledgement = this.#acknowledgement
    if (acknowledgement !== undefined) {
      const newest = this.#pending.at(-1)
      const durable =
        acknowledgement.matchIndex <= this.#durableIndex && this.#answeredSequence >= this.#hardStateSequence
      if (durable || newest === undefined) this.#core.send(acknowledgement)
      else newest.acknowledgement = further(newest.acknowledgement, acknowledgement)
      this.#acknowledgement = undefined
    }
    assert(commitIndex <= log.lastIndex, 'what is committed is in the log')
  }

  /** Every `persist` up to `sequence` is durable. Gives back what we had to tell ourselves (our own vote). */
  answered(sequence: number): readonly Message[] {
    const { term, log } = this.#core
    let acknowledgement: AppendResponse | undefined
    const toSelf: Message[] = []
    let count = 0
    for (const pending of this.#pending) {
      if (pending.sequence > sequence) break
      count++
      this.#answeredSequence = pending.sequence
      // An entry that was overwritten meanwhile has another term there now, or is gone: index and term together tell
      // whether what was synced is what our log holds. Terms never fall along a log, so the same pair is the same entry.
      if (pending.lastIndex > this.#durableIndex && log.termAt(pending.lastIndex) === pending.lastTerm) {
        this.#durableIndex = pending.lastIndex
      } else if (pending.lastIndex > this.#durableIndex) mark('raft/overwritten-persist-not-acknowledged')
      for (const message of pending.held) {
        if (message.term !== term) continue
        // Somebody else has won meanwhile.
        if (message.type === 'vote-request' && this.#core.role !== 'candidate') continue
        if (message.to === this.#core.id) toSelf.push(message)
        else this.#core.send(message)
      }
      if (pending.acknowledgement?.term === term) {
        acknowledgement = further(acknowledgement, pending.acknowledgement)
      }
    }
    this.#pending.splice(0, count)
    if (acknowledgement !== undefined) this.#core.send(acknowledgement)
    return toSelf
  }

  #emit(termOrVote: boolean, hasEntries: boolean): void {
    const { log, term, vote, commitIndex, nowMs } = this.#core
    const sequence = ++this.#sequence
    const changed = termOrVote || commitIndex !== this.#commitIndex
    const lastIndex = hasEntries ? log.lastIndex : this.#reset ? log.baseIndex : -1
    this.#core.emit({
      type: 'persist',
      sequence,
      hardState: changed ? { term, vote, commitIndex: logIndex(commitIndex) } : undefined,
      entries: hasEntries ? log.slice(this.#unsentFrom, log.lastIndex) : [],
      reset: this.#reset ? { index: logIndex(log.baseIndex), term: log.baseTerm } : undefined,
    })
    this.#pending.push({
      sequence,
      sinceMs: nowMs,
      lastIndex,
      lastTerm: hasEntries ? log.lastTerm : log.baseTerm,
      held: [],
      acknowledgement: undefined,
    })
    if (termOrVote) this.#hardStateSequence = sequence
    this.#term = term
    this.#vote = vote
    this.#commitIndex = commitIndex
    this.#unsentFrom = log.lastIndex + 1
    this.#reset = false
  }
}

function further(left: AppendResponse | undefined, right: AppendResponse): AppendResponse {
  return left !== undefined && left.matchIndex > right.matchIndex ? left : right
}
