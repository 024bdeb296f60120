import { assert } from '../../foundation/assert.ts'
import type { LogIndex, NodeId, Term } from '../../foundation/ids.ts'
import { isJoint } from './confchange/changer.ts'
import type { RaftConfig } from './config.ts'
import type { Effect, HardState, RefusalReason, Role } from './effect.ts'
import type { Entry } from './entry.ts'
import type { Membership } from './membership.ts'
import type { Message } from './message.ts'
import { Persistence } from './persistence.ts'
import { isVoter } from './quorum/joint.ts'
import type { RaftLog } from './raft-log.ts'

/** What recovery brings back: the log's part and the table's. */
export interface RestoredState {
  readonly hardState: HardState
  readonly log: {
    readonly base: { readonly index: LogIndex; readonly term: Term }
    readonly entries: readonly Entry[]
  }
  /** Where the state machine stands durably, and the membership in force there: `Table.position` after opening. */
  readonly applied: { readonly index: LogIndex; readonly term: Term; readonly membership: Membership }
}

/**
 * The state that the concerns of one node share, with the effects of the step under way. Each field is written by one
 * concern only, but for term, vote, role and leader, which change together in `Raft`.
 */
export class Core {
  readonly config: RaftConfig
  readonly id: NodeId
  readonly log: RaftLog
  readonly persistence: Persistence
  nowMs = 0
  term: Term
  vote: NodeId | undefined
  role: Role = 'follower'
  leader: NodeId | undefined
  commitIndex: number
  /** Handed out for apply up to here. */
  appliedIndex: number
  membership: Membership
  /** The host is making a snapshot its table: nothing is handed out and nobody campaigns meanwhile. */
  installing = false
  #effects: Effect[] = []

  constructor(config: RaftConfig, restored: RestoredState, log: RaftLog) {
    this.config = config
    this.id = config.id
    this.log = log
    this.term = restored.hardState.term
    this.vote = restored.hardState.vote
    this.commitIndex = Math.max(restored.hardState.commitIndex, restored.applied.index)
    this.appliedIndex = restored.applied.index
    this.membership = restored.applied.membership
    this.persistence = new Persistence(this, restored.hardState)
  }

  emit(effect: Effect): void {
    this.#effects.push(effect)
  }

  takeEffects(): readonly Effect[] {
    const effects = this.#effects
    this.#effects = []
    return effects
  }

  /** May leave at once: it promises nothing that the disk must remember. */
  send(message: Message): void {
    this.#effects.push({ type: 'send', message })
  }

  refuse(token: number, reason: RefusalReason): void {
    this.emit({ type: 'refused', token, reason, leader: this.leader })
  }

  /** The commit index only grows, and never beyond the log. */
  commitTo(index: number): boolean {
    if (index <= this.commitIndex) return false
    assert(
      index <= this.log.lastIndex,
      'what is committed is in the log: what was acknowledged has not been lost',
    )
    this.commitIndex = index
    return true
  }

  get isSelfVoter(): boolean {
    return isVoter(this.membership, this.id)
  }

  get isSingleVoter(): boolean {
    const { voters } = this.membership
    return voters.length === 1 && voters[0] === this.id && !isJoint(this.membership)
  }
}
