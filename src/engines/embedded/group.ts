import { assert, unreachable } from '../../foundation/assert.ts'
import { DureError } from '../../foundation/errors.ts'
import { type GroupId, type LogIndex, logIndex, type NodeId } from '../../foundation/ids.ts'
import { decodeMembershipChange } from '../../protocols/raft/confchange/membership-codec.ts'
import type { Effect, HardState } from '../../protocols/raft/effect.ts'
import type { Entry } from '../../protocols/raft/entry.ts'
import type { RaftEvent } from '../../protocols/raft/event.ts'
import type { Membership, MembershipChange } from '../../protocols/raft/membership.ts'
import type { Message } from '../../protocols/raft/message.ts'
import type { Raft } from '../../protocols/raft/raft.ts'
import type { Runtime, Timer } from '../../runtime/runtime.ts'
import type { Log } from '../../storage/log/log.ts'
import type { Table, TablePosition } from '../../storage/table/table.ts'
import { checkCommand } from '../../wire/command/check.ts'
import type { CommandResult } from '../../wire/command/command.ts'
import { stampLogTime } from '../../wire/command/log-time.ts'
import type { ChangePlace, FeedPlace, Request, Response, WireChange } from '../../wire/parcel/parcel.ts'
import { errorResponse } from '../client/error-response.ts'
import { Flushes } from './flushes.ts'
import { MemberRequests } from './membership/member-requests.ts'
import type { StorageOptions } from './node-options.ts'
import { ownCommands, ownEntries } from './own-bytes.ts'
import type { OpenRequest, OpenRequests } from './requests/open-requests.ts'
import { Proposals, refusal } from './requests/proposals.ts'
import { serveRange } from './requests/range.ts'
import { RangeSnapshots } from './requests/range-snapshots.ts'
import { Reads } from './requests/reads.ts'
import type { Router } from './router.ts'
import { SnapshotTransfers } from './snapshot-transfers.ts'
import type { StateMachine } from './state-machine/state-machine.ts'
import { LeaderTime } from './time/leader-time.ts'
import { WatchHub } from './watch/watch-hub.ts'

export interface GroupParts {
  readonly id: GroupId
  readonly raft: Raft
  readonly table: Table
  readonly stateMachine: StateMachine
  readonly log: Log
  readonly runtime: Runtime
  readonly router: Router
  readonly open: OpenRequests
  readonly storage: StorageOptions
  /** Asks for a call of `turn` once the current burst is handled. */
  readonly wake: () => void
  readonly addressOf: (node: NodeId) => string
  readonly electionTimeoutMs: number
  /** Members, what is known of them, or the leader changed. */
  readonly membersChanged: () => void
  /** Of the cluster: see `ChangePlace`. */
  readonly history: number
  readonly observer: GroupObserver
}

/** One try to learn where the leader's log ends. */
const END_MS_MAX = 2_000

/** What a simulation, a metric or a test may watch; never changes anything. */
export interface GroupObserver {
  persisted?(group: GroupId, hardState: HardState | undefined, entries: readonly Entry[]): void
  applied?(group: GroupId, entry: Entry, result: CommandResult | undefined): void
  stepped?(group: GroupId, raft: Raft): void
  /** A message to another node leaves. */
  sent?(group: GroupId, message: Message): void
  installed?(group: GroupId, index: LogIndex): void
  /** After `applied`: what the entry at `index` changed, expiries first. Not called for entries that changed nothing. */
  changed?(group: GroupId, index: LogIndex, changes: readonly WireChange[]): void
}

/**
 * Hosts one Raft group: feeds events to the pure core and carries out its effects, in order, on the node's log, table
 * and network. A turn's requests become one proposal and one read point.
 */
export class Group {
  readonly id: GroupId
  readonly raft: Raft
  readonly table: Table
  readonly stateMachine: StateMachine
  readonly watches: WatchHub
  readonly #parts: GroupParts
  readonly #proposals: Proposals
  readonly #reads: Reads
  readonly #ranges: RangeSnapshots
  readonly #transfers: SnapshotTransfers
  readonly #time: LeaderTime
  readonly #flushes: Flushes
  #timer: Timer | undefined
  #timerAtMs = Number.POSITIVE_INFINITY
  #isStepping = false
  #isClosed = false
  /** One counter for everything that is asked of the core, so that an answer names one request. */
  #lastToken = 0
  readonly #memberships = new Map<LogIndex, Membership>()
  readonly #memberRequests: MemberRequests

  constructor(parts: GroupParts) {
    this.#parts = parts
    this.id = parts.id
    this.raft = parts.raft
    this.table = parts.table
    this.stateMachine = parts.stateMachine
    this.watches = new WatchHub({
      runtime: parts.runtime,
      feed: () => this.stateMachine.feed,
      history: parts.history,
      appliedIndex: () => this.appliedIndex,
      hasLeader: () => parts.raft.leader !== undefined,
      findEnd: (found) => this.#findEnd(found),
      wake: parts.wake,
    })
    this.#time = new LeaderTime(parts.runtime, this.stateMachine, parts.wake)
    this.#proposals = new Proposals(parts.open)
    this.#reads = new Reads(parts.open)
    this.#ranges = new RangeSnapshots(parts.runtime)
    const { logKeepBytes: keepBytes } = parts.storage
    this.#flushes = new Flushes({
      table: parts.table,
      stateMachine: parts.stateMachine,
      storage: parts.storage,
      runtime: parts.runtime,
      compact: (index) => this.#step({ type: 'compact', nowMs: this.#nowMs(), index, keepBytes }),
    })
    this.#transfers = new SnapshotTransfers({
      table: parts.table,
      failed: (error) => parts.runtime.abort(error),
      flush: (done) => this.#flushes.flush(done, 0),
      step: (event) => this.#step({ ...event, nowMs: this.#nowMs() }),
    })
    this.#memberRequests = new MemberRequests({
      runtime: parts.runtime,
      open: parts.open,
      raft: parts.raft,
      members: this.stateMachine.members,
      electionTimeoutMs: parts.electionTimeoutMs,
      addressOf: parts.addressOf,
      wake: parts.wake,
      propose: (change, token) =>
        this.#step({ type: 'change-membership', nowMs: this.#nowMs(), token, change }),
      transferLeadership: (to) => this.transferLeadership(to),
    })
  }

  get appliedIndex(): LogIndex {
    return this.table.position.index
  }

  /** The first tick sets the election timer. */
  start(): void {
    this.#step({ type: 'tick', nowMs: this.#nowMs() })
  }

  campaign(): void {
    this.#step({ type: 'campaign', nowMs: this.#nowMs() })
  }

  receive(message: Message): void {
    if (message.type === 'append-request') {
      const entries = ownEntries(message.entries)
      if (entries !== message.entries) message = { ...message, entries }
    }
    this.#step({ type: 'message', nowMs: this.#nowMs(), message })
  }

  transferLeadership(to: NodeId): void {
    this.#step({ type: 'transfer-leadership', nowMs: this.#nowMs(), to })
  }

  /** Proposes a change as it is, when we lead; answered once it is in force. */
  changeMembership(change: MembershipChange, request: OpenRequest): void {
    this.#memberRequests.propose(change, request)
  }

  /** Takes a request: serves it here, or passes it on to the leader unless it was passed on already. */
  serve(request: Request, hops: number, timeoutMs: number, open: OpenRequest): void {
    switch (request.kind) {
      case 'command':
        if (this.#mustForward(request, hops, timeoutMs, open)) return
        return this.#propose(request.command, open)
      case 'get':
        if (request.consistency === 'eventual') return this.#serveGet(request.key, open)
        if (this.#mustForward(request, hops, timeoutMs, open)) return
        this.#reads.gather(open, () => this.#serveGet(request.key, open))
        return this.#parts.wake()
      case 'range':
        // A page of a snapshot that is held here needs no new confirmation.
        if (request.consistency === 'eventual' || this.#ranges.find(request.snapshot) !== undefined) {
          return this.#answer(open, () => serveRange(this.table, this.#ranges, request))
        }
        if (this.#mustForward(request, hops, timeoutMs, open)) return
        this.#reads.gather(open, () =>
          this.#answer(open, () => serveRange(this.table, this.#ranges, request)),
        )
        return this.#parts.wake()
      case 'cursor':
        if (this.#mustForward(request, hops, timeoutMs, open)) return
        this.#reads.gather(open, () => this.#answer(open, () => ({ status: 'cursor', place: this.#now })))
        return this.#parts.wake()
      case 'watch': {
        const message = 'a watch is opened on the node that is asked: it is not passed on'
        return this.#parts.open.finish(open, errorResponse('protocol', message))
      }
      case 'end-range':
        if (
          this.#ranges.find(request.snapshot) === undefined &&
          this.#mustForward(request, hops, timeoutMs, open)
        ) {
          return
        }
        this.#ranges.release(request.snapshot)
        return this.#parts.open.finish(open, { status: 'done' })
      case 'member':
        if (this.#mustForward(request, hops, timeoutMs, open)) return
        return this.#memberRequests.serve(request, open)
      case 'status':
        return this.#parts.open.finish(open, errorResponse('protocol', 'a group has no status: ask the node'))
      default:
        return unreachable(request)
    }
  }

  get hasGathered(): boolean {
    return this.#proposals.hasGathered || this.#reads.hasGathered || this.#time.isDue || this.watches.hasMore
  }

  /** Hands what the turn gathered to the core. */
  turn(): void {
    if (this.#isClosed) return
    this.#memberRequests.turn()
    if (this.#proposals.hasGathered) {
      const token = ++this.#lastToken
      const commands = ownCommands(this.#proposals.takeGathered(token))
      const logTimeMs = this.#time.nowMs()
      for (const command of commands) stampLogTime(command, logTimeMs)
      if (commands.length > 0) this.#time.isServed()
      this.#step({ type: 'propose', nowMs: this.#nowMs(), token, commands })
    }
    if (this.#time.isDue) {
      const token = ++this.#lastToken
      this.#step({ type: 'propose', nowMs: this.#nowMs(), token, commands: [this.#time.propose(token)] })
    }
    if (this.#reads.hasGathered) {
      const token = ++this.#lastToken
      this.#reads.takeGathered(token)
      this.#step({ type: 'read', nowMs: this.#nowMs(), token })
    }
    this.watches.advance()
  }

  /** See `Flushes`. */
  flush(done: () => void): void {
    this.#flushes.flush(done)
  }

  close(): void {
    this.#isClosed = true
    this.#timer?.cancel()
    this.#flushes.close()
    this.#time.stop()
    this.#ranges.close()
    this.#transfers.close()
  }

  #mustForward(request: Request, hops: number, timeoutMs: number, open: OpenRequest): boolean {
    const { raft } = this
    if (raft.role === 'leader') return false
    if (hops === 0 && raft.leader !== undefined) {
      this.#parts.router.forward(raft.leader, this.id, request, timeoutMs, open)
      this.#parts.wake()
      return true
    }
    this.#parts.open.finish(open, refusal('not-leader', raft.leader, this.#leaderAddress()))
    return true
  }

  #propose(command: Uint8Array, open: OpenRequest): void {
    if (this.table.unflushedBytes >= this.#parts.storage.unflushedBytesMax) {
      const message = 'the table has fallen behind the log: slow down'
      const slow = errorResponse('overloaded', message, { retryable: true, retryAfterMs: 250 })
      return this.#parts.open.finish(open, slow)
    }
    try {
      checkCommand(command)
    } catch (error) {
      if (!(error instanceof DureError)) throw error
      return this.#parts.open.finish(open, errorResponse(error.code, error.message))
    }
    this.#proposals.gather(command, open)
    this.#parts.wake()
  }

  /** After everything that was applied. */
  get #now(): ChangePlace {
    return { history: this.#parts.history, index: logIndex(this.appliedIndex + 1), ordinal: 0 }
  }

  /** By a strong read, of the leader's if another node leads. */
  #findEnd(found: (end: FeedPlace | undefined) => void): void {
    const reply = (response: Response): void =>
      found(response.status === 'cursor' ? response.place : undefined)
    this.serve({ kind: 'cursor' }, 0, END_MS_MAX, this.#parts.open.add(reply, END_MS_MAX))
  }

  #serveGet(key: Uint8Array, open: OpenRequest): void {
    this.#answer(open, () => {
      const { value, version } = this.stateMachine.get(key)
      return { status: 'value', value, version }
    })
  }

  /** Reads the table. A row that is damaged is an error of this read alone. */
  #answer(open: OpenRequest, read: () => Response): void {
    let response: Response
    try {
      response = read()
    } catch (error) {
      if (!(error instanceof DureError)) throw error
      response = errorResponse(error.code, error.message, { retryable: error.retryable })
    }
    this.#parts.open.finish(open, response)
  }

  #step(event: RaftEvent): void {
    if (this.#isClosed) return
    assert(!this.#isStepping, 'the core takes one event at a time')
    this.#isStepping = true
    this.#time.passed(event.nowMs)
    const effects = this.raft.step(event)
    this.#isStepping = false
    for (const effect of effects) this.#carryOut(effect)
    this.#parts.observer.stepped?.(this.id, this.raft)
    this.#parts.wake()
  }

  #carryOut(effect: Effect): void {
    const { router, log, observer } = this.#parts
    switch (effect.type) {
      case 'send':
        observer.sent?.(this.id, effect.message)
        return router.raft(this.id, effect.message)
      case 'persist': {
        const { sequence, hardState, reset, entries } = effect
        log.append({ group: this.id, hardState, reset, entries }, () => {
          observer.persisted?.(this.id, hardState, entries)
          this.#step({ type: 'persisted', nowMs: this.#nowMs(), sequence })
        })
        return
      }
      case 'apply':
        return this.#apply(effect.entries)
      case 'proposed':
        if (this.#memberRequests.appended(effect.token, effect.firstIndex, effect.term)) return
        this.#time.appended(effect.token, effect.firstIndex)
        return this.#proposals.appended(effect.token, effect.firstIndex, effect.term)
      case 'refused':
        return this.#refused(effect)
      case 'read':
        return this.#reads.confirmed(effect.token, effect.index, this.appliedIndex)
      case 'role':
        this.#parts.membersChanged()
        if (effect.role === 'leader') return this.#time.start()
        this.#time.stop()
        this.#memberRequests.leadershipLost()
        return this.#proposals.leadershipLost()
      case 'membership':
        // That of an installed snapshot came with the table.
        if (effect.index > this.appliedIndex) this.#memberships.set(effect.index, effect.membership)
        return
      case 'deadline':
        return this.#wakeAt(effect.atMs)
      case 'compacted':
        return log.append({ group: this.id, compacted: { index: effect.index, term: effect.term } }, () => {})
      case 'read-snapshot':
        return this.#transfers.read(effect.to, effect.index, effect.chunk)
      case 'snapshot-done':
        return this.#transfers.done(effect.to)
      case 'write-snapshot':
        return this.#transfers.write(effect.meta, effect.chunk, effect.bytes)
      case 'install-snapshot':
        return this.#transfers.install(effect.meta, () => {
          this.#reload()
          this.#parts.membersChanged()
          this.#reads.applied(this.appliedIndex)
          observer.installed?.(this.id, effect.meta.index)
        })
      default:
        return unreachable(effect)
    }
  }

  #refused({ token, reason, leader }: Extract<Effect, { type: 'refused' }>): void {
    if (this.#memberRequests.refused(token, reason)) return
    this.#time.refused(token)
    this.#proposals.refused(token, reason, leader, this.#leaderAddress())
    this.#reads.refused(token, reason, leader, this.#leaderAddress())
  }

  #apply(entries: readonly Entry[]): void {
    const { observer } = this.#parts
    for (const entry of entries) {
      const position = { index: entry.index, term: entry.term, membership: this.#membership(entry) }
      let result: CommandResult | undefined
      this.#flushes.passed(entry.data.length)
      if (entry.kind === 'command') result = this.#applyCommand(entry.data, position)
      else if (entry.kind === 'membership') {
        this.stateMachine.changeMembership(decodeMembershipChange(entry.data), position)
        this.#parts.membersChanged()
      } else this.stateMachine.skip(position)
      this.#memberRequests.applied(entry.index, entry.term)
      this.#proposals.applied(entry.index, entry.term, result)
      observer.applied?.(this.id, entry, result)
      if (observer.changed !== undefined) this.#tellChanges(entry.index)
    }
    this.#reads.applied(this.appliedIndex)
    this.#time.applied(this.appliedIndex)
    this.#flushes.whenDue()
  }

  #tellChanges(index: LogIndex): void {
    const { feed } = this.stateMachine
    if (feed.lastIndex !== index || feed.compactedIndex >= index) return
    for (const { changes } of feed.after(index - 1)) this.#parts.observer.changed?.(this.id, index, changes)
  }

  /** A row that cannot be read stops the node: going on without this entry would lose it in silence. */
  #applyCommand(data: Uint8Array, position: TablePosition): CommandResult {
    try {
      return this.stateMachine.apply(data, position)
    } catch (error) {
      if (!(error instanceof DureError)) throw error
      return this.#parts.runtime.abort(error)
    }
  }

  #reload(): void {
    try {
      this.stateMachine.reload()
    } catch (error) {
      if (!(error instanceof DureError)) throw error
      this.#parts.runtime.abort(error)
    }
  }

  /** The membership in force once `entry` is applied. */
  #membership(entry: Entry): Membership {
    const changed = this.#memberships.get(entry.index)
    if (changed === undefined) return this.table.position.membership
    this.#memberships.delete(entry.index)
    return changed
  }

  /** Timers are cheap to keep and dear to replace: a later deadline waits for the earlier timer to fire. */
  #wakeAt(atMs: number): void {
    if (this.#timer !== undefined && this.#timerAtMs <= atMs) return
    this.#timer?.cancel()
    this.#timerAtMs = atMs
    this.#timer = this.#parts.runtime.timer(Math.max(0, atMs - this.#nowMs()), () => {
      this.#timer = undefined
      this.#step({ type: 'tick', nowMs: this.#nowMs() })
    })
  }

  #leaderAddress(): string {
    return this.raft.leader === undefined ? '' : this.#parts.addressOf(this.raft.leader)
  }

  #nowMs(): number {
    return this.#parts.runtime.clock.monotonicMs()
  }
}
