import { unreachable } from '../../../foundation/assert.ts'
import { DureError } from '../../../foundation/errors.ts'
import { type LogIndex, leaseId, sessionId } from '../../../foundation/ids.ts'
import { mark } from '../../../foundation/marks.ts'
import type { Stored } from '../../../ports/key-value/key-value-store.ts'
import type { FencingToken } from '../../../ports/key-value/lease.ts'
import { limits } from '../../../ports/key-value/limits.ts'
import { absent, type Version, versionFromNumber } from '../../../ports/key-value/version.ts'
import type { MembershipChange } from '../../../protocols/raft/membership.ts'
import type { RowChange, Table, TablePosition } from '../../../storage/table/table.ts'
import { decodeCommand } from '../../../wire/command/codec.ts'
import type {
  Command,
  CommandOperation,
  CommandResult,
  CommitCommand,
  GrantLeaseCommand,
  KeepLeasesCommand,
} from '../../../wire/command/command.ts'
import { UnknownCommand } from '../../../wire/command/unknown-command.ts'
import { ChangeFeed, type FeedBounds, type FeedLog, feedBounds } from './change-feed.ts'
import { attachmentOf, Expiry } from './expiry.ts'
import { IdempotencyRecords } from './idempotency.ts'
import { LEASES_MAX } from './leases.ts'
import { Members } from './members.ts'
import {
  ROW_HEAD_BYTES,
  rowAttachment,
  rowContent,
  rowVersion,
  space,
  userRowKey,
  userRowValue,
  viewOf,
} from './row.ts'
import { Sessions } from './sessions.ts'

const writtenByNewer = (index: LogIndex, cause: UnknownCommand): DureError =>
  new DureError(
    'data-directory',
    `the log's entry ${index} was written by a newer version of Dure (${cause.message}): update this node, and it goes on from there`,
    { cause },
  )

const logTimeKey = new Uint8Array([space.time])

/** Part of what is agreed on: the same on every node. */
export interface StateMachineBounds {
  readonly feed: FeedBounds
  /** Leases and keys that one entry removes because their time is over. */
  readonly expiredPerEntryMax: number
  /** Log time after which a session that nobody used is gone; `SESSION_IDLE_MS_MAX` unless said. */
  readonly sessionIdleMsMax?: number
  /** `LEASES_MAX` unless said. */
  readonly leasesMax?: number
}

export const stateMachineBounds: StateMachineBounds = { feed: feedBounds, expiredPerEntryMax: 256 }

/** An entry that is being applied, and what it changes. */
interface Work {
  readonly index: LogIndex
  /** The bytes of its command. */
  readonly data: Uint8Array
  readonly changes: RowChange[]
  /** Users' keys that its log time, or the end of a lease, removes. */
  readonly removed: Uint8Array[]
  /** Whether its operations happen. */
  commits: boolean
  /** Operations, by number from 0, that find nothing to delete. */
  missed: number[] | undefined
}

/**
 * The replicated state machine: applied commands in, rows and results out. Deterministic and total: every node that
 * applies the same entries holds the same rows and answers the same. Only what a newer version wrote has no answer here.
 *
 * A key's version is the index of the entry that wrote it, so a later write of a key has a larger one and no two
 * writes share one.
 */
export class StateMachine {
  readonly #table: Table
  readonly #sessions: Sessions
  readonly #idempotency: IdempotencyRecords
  readonly members = new Members()
  readonly #expiry: Expiry
  /** The last changes, for watches. */
  readonly feed: ChangeFeed
  /** The largest time a leader stamped on an applied command; not wall time, and never going back. */
  #logTimeMs = 0

  /** `log` is what a start found: the table may refer to entries that it has applied (see `ChangeFeed`). */
  constructor(table: Table, bounds: StateMachineBounds = stateMachineBounds, log?: FeedLog) {
    this.#table = table
    this.feed = new ChangeFeed(bounds.feed)
    this.#sessions = new Sessions(bounds.sessionIdleMsMax)
    this.#idempotency = new IdempotencyRecords(table)
    this.#expiry = new Expiry(table, bounds.expiredPerEntryMax, bounds.leasesMax ?? LEASES_MAX)
    this.reload(log)
  }

  get sessionCount(): number {
    return this.#sessions.size
  }

  get idempotencyRecordCount(): number {
    return this.#idempotency.size
  }

  /** Those that expired and were not removed yet included. */
  get leaseCount(): number {
    return this.#expiry.leases.size
  }

  get logTimeMs(): number {
    return this.#logTimeMs
  }

  /** The log time at which an entry removes what is due: a lease or a key. Undefined when nothing ever is. */
  get nextDueMs(): number | undefined {
    return this.#expiry.nextDueMs
  }

  /** Takes the table as it is: after a start, and after a snapshot was installed, which holds all by itself. */
  reload(log?: FeedLog): void {
    this.#sessions.load(this.#table)
    this.#idempotency.load()
    this.members.load(this.#table)
    this.#expiry.load()
    this.feed.load(this.#table, log)
    const time = this.#table.get(logTimeKey)
    this.#logTimeMs = time === undefined ? 0 : viewOf(time).getFloat64(0)
  }

  get(key: Uint8Array): Stored {
    const row = this.#table.get(userRowKey(key))
    if (row === undefined) return { exists: false, value: undefined, version: absent }
    return { exists: true, value: rowContent(row), version: rowVersion(row) }
  }

  /**
   * Applies the command of the entry at `position.index`; rows and position become visible in one step. `data` is kept by the
   * feed and not changed any more: the log's own bytes. Throws what the node must
   * end with, nothing changed: `data-directory` for a command of a newer version, `corrupt` for a row that is damaged.
   */
  apply(data: Uint8Array, position: TablePosition): CommandResult {
    const { index } = position
    const work: Work = { index, data, changes: [], removed: [], commits: false, missed: undefined }
    const result = this.#run(work)
    if (work.commits || work.removed.length > 0) {
      const commit = work.commits ? data : undefined
      this.feed.append(index, work.removed, commit, work.missed, work.changes)
    }
    this.feed.passed(data.length)
    this.#table.commit(work.changes, position)
    return result
  }

  /** Applies the entry of a membership change: who came is noted with its addresses, who went is never let in again. */
  changeMembership(change: MembershipChange, position: TablePosition): void {
    this.feed.passed(0)
    this.#table.commit(this.members.apply(change, position.index), position)
  }

  /** Advances past an entry that is none of ours (a no-op). */
  skip(position: TablePosition): void {
    this.feed.passed(0)
    this.#table.commit([], position)
  }

  /**
   * Brings what lives in memory into the table; right before a flush takes its position, with no entry in between. Once
   * that is durable the log is needed after the place that this answers, or not at all: for at most so many bytes of it.
   */
  prepareFlush(logBytesMax = Number.POSITIVE_INFINITY): LogIndex | undefined {
    const time = new Uint8Array(8)
    viewOf(time).setFloat64(0, this.#logTimeMs)
    const changes = this.#sessions.writeDirty()
    for (const change of this.#expiry.leases.writeDirty()) changes.push(change)
    for (const change of this.feed.writeDirty(logBytesMax)) changes.push(change)
    changes.push({ key: logTimeKey, value: time })
    this.#table.commit(changes, this.#table.position)
    return this.feed.logNeededAfter
  }

  #run(work: Work): CommandResult {
    let command: Command
    try {
      command = decodeCommand(work.data)
    } catch (error) {
      // What others do with it would be missing here, and nobody would know: better no node than another table.
      if (error instanceof UnknownCommand) throw writtenByNewer(work.index, error)
      // Leaders check commands before they propose them. Malformed bytes of a known kind are the same to every version.
      if (error instanceof DureError) return { kind: 'invalid', message: error.message }
      throw error
    }
    if (command.logTimeMs > this.#logTimeMs) this.#logTimeMs = command.logTimeMs
    if (this.#expiry.isDue(this.#logTimeMs)) this.#expire(work)
    switch (command.kind) {
      case 'commit':
      case 'grant-lease':
        return this.#once(command, work)
      case 'open-session': {
        const session = sessionId(work.index)
        if (!this.#sessions.open(session, this.#logTimeMs)) return { kind: 'overloaded' }
        return { kind: 'session-opened', session }
      }
      case 'keep-leases':
        return this.#keepLeases(command)
      case 'end-lease': {
        const existed = this.#expiry.end(command.lease, this.#logTimeMs, work.changes, work.removed)
        return { kind: 'lease-ended', existed }
      }
      case 'advance-time':
        return { kind: 'time-advanced' }
      default:
        return unreachable(command)
    }
  }

  /** Before the command, which must find gone what is due. Nobody looks in between, so it is one step for readers. */
  #expire(work: Work): void {
    const changes: RowChange[] = []
    this.#expiry.expire(this.#logTimeMs, changes, work.removed)
    if (changes.length > 0) this.#table.commit(changes, this.#table.position)
  }

  #once(command: CommitCommand | GrantLeaseCommand, work: Work): CommandResult {
    if (command.session !== 0) {
      const answer = this.#sessions.before(
        command.session,
        command.sequence,
        command.lowWater,
        this.#logTimeMs,
      )
      if (answer !== undefined) return answer
      const result = this.#execute(command, work)
      this.#sessions.remember(command.session, command.sequence, result)
      return result
    }
    if (command.kind === 'commit' && command.idempotencyKey !== '') {
      const answer = this.#idempotency.before(command, this.#logTimeMs)
      if (answer !== undefined) return answer
      const result = this.#commit(command, work)
      for (const change of this.#idempotency.remember(command, result, this.#logTimeMs))
        work.changes.push(change)
      return result
    }
    return this.#execute(command, work)
  }

  #execute(command: CommitCommand | GrantLeaseCommand, work: Work): CommandResult {
    return command.kind === 'commit' ? this.#commit(command, work) : this.#grantLease(command, work.index)
  }

  #grantLease({ ttlMs }: GrantLeaseCommand, index: LogIndex): CommandResult {
    const lease = leaseId(index)
    if (!this.#expiry.leases.grant(lease, ttlMs, this.#logTimeMs)) return { kind: 'too-many-leases' }
    // Indexes grow, so tokens do.
    return { kind: 'lease-granted', lease, token: index as number as FencingToken }
  }

  #keepLeases({ leases }: KeepLeasesCommand): CommandResult {
    return {
      kind: 'leases-kept',
      kept: leases.map((lease) => this.#expiry.leases.keep(lease, this.#logTimeMs)),
    }
  }

  #commit(command: CommitCommand, work: Work): CommandResult {
    const { comparisons, operations } = command
    if (comparisons.length > 0) {
      let holds = true
      const found: Version[] = []
      for (const { key, version } of comparisons) {
        const row = this.#table.get(userRowKey(key), ROW_HEAD_BYTES)
        const current = row === undefined ? absent : rowVersion(row)
        found.push(current)
        if (current !== version) holds = false
      }
      if (!holds) {
        mark('state-machine/comparison-failed')
        return { kind: 'comparison-failed', found }
      }
    }
    const refusal = this.#checkLeases(operations)
    if (refusal !== undefined) return refusal

    const version = versionFromNumber(work.index)
    const existed: boolean[] = []
    for (const operation of operations) {
      const existedBefore = this.#operate(operation, version, work.changes)
      existed.push(existedBefore)
      if (existedBefore || operation.kind === 'put') work.commits = true
      else (work.missed ??= []).push(existed.length - 1)
    }
    return { kind: 'committed', version, existed }
  }

  /** Says whether the key was there before. */
  #operate(operation: CommandOperation, version: Version, changes: RowChange[]): boolean {
    const key = userRowKey(operation.key)
    const before = this.#table.get(key, ROW_HEAD_BYTES)
    const detached = before === undefined ? undefined : rowAttachment(before)
    if (detached !== undefined) this.#expiry.detach(operation.key, detached, changes)
    if (operation.kind === 'delete') {
      changes.push({ key, value: undefined })
    } else {
      const attachment = attachmentOf(operation, this.#logTimeMs)
      changes.push({ key, value: userRowValue(version, operation.value, attachment) })
      if (attachment !== undefined) this.#expiry.attach(operation.key, attachment, changes)
    }
    return before !== undefined
  }

  /** Why puts with a lease may not happen: it is gone, or holds as many keys as it may. */
  #checkLeases(operations: readonly CommandOperation[]): CommandResult | undefined {
    let added: Map<number, number> | undefined
    for (const operation of operations) {
      if (operation.kind === 'delete' || operation.lease === undefined) continue
      const lease = this.#expiry.leases.live(operation.lease, this.#logTimeMs)
      if (lease === undefined) {
        mark('state-machine/lease-gone')
        return { kind: 'lease-gone', lease: operation.lease }
      }
      const row = this.#table.get(userRowKey(operation.key), ROW_HEAD_BYTES)
      const held = row === undefined ? undefined : rowAttachment(row)
      if (held?.kind === 'lease' && held.lease === lease.id) continue
      added ??= new Map()
      const keyCount = (added.get(lease.id) ?? lease.keyCount) + 1
      if (keyCount > limits.leaseKeysMax) return { kind: 'lease-full', lease: lease.id }
      added.set(lease.id, keyCount)
    }
    return undefined
  }
}
