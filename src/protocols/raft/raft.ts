import { assert, unreachable } from '../../foundation/assert.ts'
import { type LogIndex, logIndex, type NodeId, type Term } from '../../foundation/ids.ts'
import { mark } from '../../foundation/marks.ts'
import { isJoint } from './confchange/changer.ts'
import type { RaftConfig } from './config.ts'
import { Core, type RestoredState } from './core.ts'
import type { Effect, Role } from './effect.ts'
import { Election } from './election.ts'
import type { Entry } from './entry.ts'
import type { RaftEvent } from './event.ts'
import { sendHeartbeats } from './heartbeats.ts'
import { LeadershipTransfer } from './leadership-transfer.ts'
import type { Membership, MembershipChange } from './membership.ts'
import { MembershipChanges } from './membership-changes.ts'
import { Messages } from './messages.ts'
import { RaftLog } from './raft-log.ts'
import { ReadIndex } from './read-index.ts'
import { recover } from './recover.ts'
import { Replication } from './replication.ts'
import { SnapshotReceiving } from './snapshot-receiving.ts'
import { SnapshotSending } from './snapshot-sending.ts'
import type { ProgressState } from './tracker/progress.ts'
import { Tracker } from './tracker/tracker.ts'

/** What a leader knows of a member. */
export interface FollowerProgress {
  readonly id: NodeId
  readonly matchIndex: LogIndex
  readonly state: ProgressState
  readonly isLearner: boolean
  readonly lastHeardMs: number
}

/**
 * One node of one Raft group: pure, synchronous, without a clock, a disk or a network.
 *
 * ```ts
 * const raft = new Raft({ id: nodeId(1), ...raftDefaults, random }, restored)
 * for (const effect of raft.step({ type: 'tick', nowMs })) carryOut(effect)
 * ```
 *
 * Everything enters by `step`, and what has to be done comes back, in order. Begin with a `tick`.
 */
export class Raft {
  readonly #core: Core
  readonly #tracker: Tracker
  readonly #election: Election
  readonly #snapshotSending: SnapshotSending
  readonly #snapshotReceiving: SnapshotReceiving
  readonly #replication: Replication
  readonly #reads: ReadIndex
  readonly #transfer: LeadershipTransfer
  readonly #changes: MembershipChanges
  readonly #messages: Messages
  #heartbeatDueMs = 0
  /** Until then silence proves nothing: we were not running, and what arrived meanwhile is not handled yet. */
  #catchingUpUntilMs = Number.NEGATIVE_INFINITY
  #started = false
  /** As last told to the host. */
  #toldRole: Role = 'follower'
  #toldTerm: Term
  #toldLeader: NodeId | undefined
  #toldDeadlineMs = Number.POSITIVE_INFINITY
  #toldCommitIndex: number

  constructor(config: RaftConfig, restored: RestoredState) {
    const log = new RaftLog(restored.log.base, restored.log.entries)
    const core = new Core(config, restored, log)
    this.#core = core
    recover(core, restored)
    this.#toldTerm = core.term
    this.#toldCommitIndex = core.commitIndex
    this.#tracker = new Tracker(core.id, config, core.membership)
    this.#election = new Election(core, {
      becomeFollower: (term, leader) => this.#becomeFollower(term, leader),
      becomeLeader: () => this.#becomeLeader(),
    })
    this.#snapshotSending = new SnapshotSending(core, this.#tracker)
    this.#snapshotReceiving = new SnapshotReceiving(core)
    this.#replication = new Replication(core, this.#tracker, this.#snapshotSending)
    this.#reads = new ReadIndex(core, this.#tracker)
    this.#transfer = new LeadershipTransfer(core, this.#tracker, this.#replication)
    this.#changes = new MembershipChanges(core)
    this.#messages = new Messages({
      core,
      tracker: this.#tracker,
      election: this.#election,
      replication: this.#replication,
      reads: this.#reads,
      transfer: this.#transfer,
      snapshotSending: this.#snapshotSending,
      snapshotReceiving: this.#snapshotReceiving,
      becomeFollower: (term, leader) => this.#becomeFollower(term, leader),
    })
  }

  get id(): NodeId {
    return this.#core.id
  }

  get role(): Role {
    return this.#core.role
  }

  get term(): Term {
    return this.#core.term
  }

  /** Given in this term; undefined when none was. */
  get vote(): NodeId | undefined {
    return this.#core.vote
  }

  /** Of the current term, as far as is known; ourselves when we lead. */
  get leader(): NodeId | undefined {
    return this.#core.leader
  }

  get commitIndex(): LogIndex {
    return logIndex(this.#core.commitIndex)
  }

  /** Handed out for apply up to here. */
  get appliedIndex(): LogIndex {
    return logIndex(this.#core.appliedIndex)
  }

  get lastIndex(): LogIndex {
    return logIndex(this.#core.log.lastIndex)
  }

  /** Our own disk holds the log up to here. */
  get durableIndex(): LogIndex {
    return logIndex(this.#core.persistence.durableIndex)
  }

  /** Entries in memory begin after this place. */
  get base(): { readonly index: LogIndex; readonly term: Term } {
    return { index: logIndex(this.#core.log.baseIndex), term: this.#core.log.baseTerm }
  }

  /** In force: handed out for apply. */
  get membership(): Membership {
    return this.#core.membership
  }

  /** Of a leader: another change would be refused, or would have to leave a joint configuration first. */
  get isChangingMembership(): boolean {
    return this.#changes.isBusy || isJoint(this.#core.membership)
  }

  /** Of a leader: proposed and not committed. Otherwise 0. */
  get uncommittedBytes(): number {
    return this.#replication.uncommittedBytes
  }

  /** Entries in memory. */
  get logBytes(): number {
    return this.#core.log.sizeBytes
  }

  /** What a leader knows of the others; empty when we do not lead. */
  get progress(): readonly FollowerProgress[] {
    if (this.#core.role !== 'leader') return []
    return this.#tracker.peers.map((progress) => ({
      id: progress.id,
      matchIndex: logIndex(progress.match),
      state: progress.state,
      isLearner: progress.isLearner,
      lastHeardMs: progress.lastHeardMs,
    }))
  }

  /** Of a leader: how far a member is known to hold our log durably; 0 when that is not known, or we do not lead. */
  matchIndex(member: NodeId): LogIndex {
    return logIndex(this.#core.role === 'leader' ? (this.#tracker.get(member)?.match ?? 0) : 0)
  }

  /** The term of an entry that is in memory, or of the base; undefined elsewhere. */
  termAt(index: LogIndex): Term | undefined {
    return this.#core.log.termAt(index)
  }

  step(event: RaftEvent): readonly Effect[] {
    const core = this.#core
    core.nowMs = Math.max(core.nowMs, event.nowMs)
    if (!this.#started) {
      this.#started = true
      this.#election.restartTimeout()
    }
    switch (event.type) {
      case 'tick':
        this.#onTick()
        break
      case 'campaign':
        this.#election.onCampaign()
        break
      case 'message':
        this.#messages.receive(event.message)
        break
      case 'propose':
        this.#onPropose(event.token, event.commands)
        break
      case 'change-membership':
        this.#onChangeMembership(event.token, event.change)
        break
      case 'read':
        if (core.role === 'leader') this.#reads.add(event.token)
        else core.refuse(event.token, 'not-leader')
        break
      case 'persisted':
        for (const message of core.persistence.answered(event.sequence)) this.#messages.receive(message)
        if (core.role === 'leader') this.#replication.onPersisted()
        break
      case 'transfer-leadership':
        this.#transfer.start(event.to)
        break
      case 'compact':
        this.#onCompact(event.index, event.keepBytes)
        break
      case 'snapshot-read':
        if (core.role === 'leader') this.#snapshotSending.onRead(event)
        break
      case 'snapshot-read-failed':
        if (core.role === 'leader') this.#snapshotSending.onReadFailed(event)
        break
      case 'snapshot-written':
        this.#snapshotReceiving.onWritten(event.index, event.chunk)
        break
      case 'snapshot-installed':
        this.#snapshotReceiving.onInstalled(event.index)
        break
      default:
        unreachable(event)
    }
    this.#finish(event.type === 'tick')
    return core.takeEffects()
  }

  /** Everything that follows from what a step changed. */
  #finish(ticked: boolean): void {
    const core = this.#core
    this.#handOut()
    if (core.role === 'leader' && core.membership.autoLeave && !this.#transfer.isUnderWay) {
      const entry = this.#changes.autoLeave()
      if (entry !== undefined) this.#replication.append([entry])
    }
    assert(core.commitIndex >= this.#toldCommitIndex, 'the commit index never goes back')
    this.#toldCommitIndex = core.commitIndex
    core.persistence.flush()
    if (core.role !== this.#toldRole || core.term !== this.#toldTerm || core.leader !== this.#toldLeader) {
      this.#toldRole = core.role
      this.#toldTerm = core.term
      this.#toldLeader = core.leader
      core.emit({ type: 'role', role: core.role, term: core.term, leader: core.leader })
    }
    // Most messages move the deadline away. The host keeps the old one, ticks too early, and is told the new one then.
    const deadlineMs = core.role === 'leader' ? this.#heartbeatDueMs : this.#election.deadlineMs
    if (ticked || deadlineMs < this.#toldDeadlineMs) {
      this.#toldDeadlineMs = deadlineMs
      core.emit({ type: 'deadline', atMs: deadlineMs })
    }
  }

  /** What is committed and on our own disk goes to the state machine; memberships take effect on the way. */
  #handOut(): void {
    const core = this.#core
    const { log } = core
    let moved = true
    while (moved) {
      moved = false
      if (core.installing) return
      const to = Math.min(core.commitIndex, core.persistence.durableIndex)
      if (to <= core.appliedIndex) break
      let changed = false
      let from = core.appliedIndex + 1
      for (let index = from; index <= to; index++) {
        if (log.at(index).kind !== 'membership') continue
        // The membership is told right before the batch that begins with its entry, so whoever notes the newest one
        // when it applies a batch notes the right one.
        if (index > from) core.emit({ type: 'apply', entries: log.slice(from, index - 1) })
        core.appliedIndex = index - 1
        this.#changes.takeEffect(log.at(index))
        changed = true
        from = index
      }
      core.emit({ type: 'apply', entries: log.slice(from, to) })
      core.appliedIndex = to
      log.settle(to)
      if (core.role !== 'leader') break
      if (changed) moved = this.#onMembershipInForce()
    }
    if (core.role === 'leader') this.#reads.onCommit()
  }

  /** We lead and the membership changed. True when more is committed by the new majority. */
  #onMembershipInForce(): boolean {
    const core = this.#core
    const removed = this.#tracker.reconfigure(core.membership, core.log.lastIndex, core.nowMs)
    for (const progress of removed) {
      this.#snapshotSending.end(progress)
      // So it learns, if it is there, that it does not belong any more.
      if (progress.id !== core.id) this.#replication.lastWord(progress)
    }
    if (!core.isSelfVoter) {
      // A leader that removes itself leads until that is committed, then others stand (dissertation, 4.2.2).
      for (const progress of this.#tracker.peers) this.#replication.lastWord(progress)
      this.#becomeFollower(core.term, undefined)
      return false
    }
    this.#transfer.onMembership()
    const more = this.#replication.advanceCommit()
    this.#reads.onMembership()
    this.#replication.sendToAll()
    return more
  }

  #onTick(): void {
    const core = this.#core
    const catchesUp = this.#isCatchingUp()
    if (core.role !== 'leader') {
      if (catchesUp) this.#election.waitUntil(this.#catchingUpUntilMs)
      else this.#election.onTick()
      return
    }
    // A leader that cannot write must not live on by its heartbeats alone.
    if (!catchesUp && (core.persistence.isHung || !this.#isHeardByMajority())) {
      mark(core.persistence.isHung ? 'raft/hung-disk-step-down' : 'raft/check-quorum-step-down')
      this.#becomeFollower(core.term, undefined)
      return
    }
    this.#transfer.onTick()
    this.#snapshotSending.onTick()
    if (core.nowMs < this.#heartbeatDueMs) return
    this.#heartbeatDueMs = core.nowMs + core.config.heartbeatIntervalMs
    sendHeartbeats(core, this.#tracker, this.#reads.heartbeatContext())
  }

  /**
   * A tick that comes much later than it was asked for tells that this whole process stood still. Then the answers of
   * others may lie unread: they get two heartbeats' time before their silence counts, or a stall of the machine would
   * cost an election among nodes that are all well. Safety rests on no clock, so this delays, and risks nothing. It is
   * granted once in a while only: a process that is always late must not count as well for ever.
   */
  #isCatchingUp(): boolean {
    const { nowMs, config } = this.#core
    const isLate = nowMs - this.#toldDeadlineMs > config.heartbeatIntervalMs
    if (isLate && nowMs - this.#catchingUpUntilMs > config.electionTimeoutMs) {
      this.#catchingUpUntilMs = nowMs + 2 * config.heartbeatIntervalMs
    }
    return nowMs < this.#catchingUpUntilMs
  }

  /** Check-quorum: a leader on the wrong side of a cut stops being one (dissertation, 6.2). */
  #isHeardByMajority(): boolean {
    const { nowMs, config } = this.#core
    return this.#tracker.hasQuorum((progress) => nowMs - progress.lastHeardMs < config.electionTimeoutMs)
  }

  #becomeFollower(term: Term, leader: NodeId | undefined): void {
    const core = this.#core
    const led = core.role === 'leader'
    if (term > core.term) {
      core.term = term
      core.vote = undefined
    }
    core.role = 'follower'
    core.leader = leader
    if (led) {
      this.#reads.leadershipLost()
      this.#snapshotSending.stop()
      this.#transfer.cancel()
      this.#replication.stop()
    }
    this.#election.restartTimeout()
  }

  #becomeLeader(): void {
    const core = this.#core
    core.role = 'leader'
    core.leader = core.id
    this.#replication.start()
    this.#heartbeatDueMs = core.nowMs + core.config.heartbeatIntervalMs
    const index = logIndex(core.log.lastIndex + 1)
    this.#changes.startLeading(index)
    // Commits an entry of our own term, and with it everything before (paper, 5.4.2 and section 8).
    this.#replication.append([{ index, term: core.term, kind: 'no-op', data: NOTHING }])
  }

  #onPropose(token: number, commands: readonly Uint8Array[]): void {
    const core = this.#core
    if (!this.#takesProposals(token)) return
    if (!this.#replication.hasRoomFor(commands)) {
      core.refuse(token, 'overloaded')
      return
    }
    const firstIndex = core.log.lastIndex + 1
    const { term } = core
    const entries: Entry[] = new Array(commands.length)
    for (let i = 0; i < commands.length; i++) {
      entries[i] = { index: logIndex(firstIndex + i), term, kind: 'command', data: commands[i]! }
    }
    core.emit({ type: 'proposed', token, firstIndex: logIndex(firstIndex), term })
    if (entries.length > 0) this.#replication.append(entries)
  }

  #onChangeMembership(token: number, change: MembershipChange): void {
    const core = this.#core
    if (!this.#takesProposals(token)) return
    const entry = this.#changes.propose(change)
    if (typeof entry === 'string') {
      core.refuse(token, entry)
      return
    }
    core.emit({ type: 'proposed', token, firstIndex: entry.index, term: entry.term })
    this.#replication.append([entry])
  }

  #takesProposals(token: number): boolean {
    if (this.#core.role !== 'leader') this.#core.refuse(token, 'not-leader')
    else if (this.#transfer.isUnderWay) this.#core.refuse(token, 'leader-changing')
    else return true
    return false
  }

  #onCompact(index: LogIndex, keepBytes: number): void {
    const core = this.#core
    let limit = Math.min(index, core.appliedIndex, core.persistence.durableIndex)
    if (core.role === 'leader') limit = Math.min(limit, this.#snapshotSending.keepAfter())
    if (!core.log.compact(limit, keepBytes)) return
    core.emit({ type: 'compacted', index: logIndex(core.log.baseIndex), term: core.log.baseTerm })
  }
}

const NOTHING = new Uint8Array(0)
