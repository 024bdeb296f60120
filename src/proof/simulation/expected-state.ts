import { unreachable } from '../../foundation/assert.ts'
import { text } from '../../foundation/bytes.ts'
import type { LeaseId } from '../../foundation/ids.ts'
import type { Command, CommandOperation, CommandResult, CommitCommand } from '../../wire/command/command.ts'
import type { WireChange } from '../../wire/parcel/parcel.ts'

export interface ExpectedRow {
  readonly version: number
  readonly value: string
  /** By log time; `Infinity` for never. */
  readonly expiresAtMs: number
  readonly lease: LeaseId | undefined
}

interface ExpectedLease {
  readonly ttlMs: number
  expiresAtMs: number
  readonly keys: Set<string>
}

/** What else one entry did, for whoever wants to know. */
export interface StepEvents {
  /** Nobody may use it any more: its time is over by log time. Once for each lease, and not for one that was ended. */
  leaseExpired(lease: LeaseId): void
  leaseEnded(lease: LeaseId): void
  leaseGranted(lease: LeaseId, command: Extract<Command, { kind: 'grant-lease' }>): void
  /** A key's time to live is over. */
  keyExpired(key: string, row: ExpectedRow): void
}

/** An entry did what it should not have, or did not what it should. */
export class UnexpectedStep extends Error {
  override readonly name = 'UnexpectedStep'
}

/**
 * What the state machine must come to, written once more and simpler: rows, leases and times in maps, and everything that
 * is due looked for in all of them. It is told each command in order with its result and the changes of its entry, and
 * throws when they are not what follows from the command. Whether a command is a retry it takes from the result.
 */
export class ExpectedState {
  readonly rows = new Map<string, ExpectedRow>()
  readonly leases = new Map<LeaseId, ExpectedLease>()
  logTimeMs = 0
  readonly #expiredPerEntryMax: number
  readonly #events: StepEvents
  /** Keys with a time to live. */
  readonly #timed = new Set<string>()
  /** Leases that are over for all who ask, and still have keys. */
  readonly #over = new Set<LeaseId>()
  /** Leases that went with the last entries and may still have to be counted against the bound of the next. */
  #carried = 0

  constructor(expiredPerEntryMax: number, events: StepEvents) {
    this.#expiredPerEntryMax = expiredPerEntryMax
    this.#events = events
  }

  /** Whether nothing is left that goes by itself. */
  get isStill(): boolean {
    return this.#timed.size === 0 && this.leases.size === 0
  }

  step(index: number, command: Command, result: CommandResult, changes: readonly WireChange[]): void {
    if (command.logTimeMs > this.logTimeMs) this.logTimeMs = command.logTimeMs
    const happened = command.kind === 'commit' && result.kind === 'committed' && result.version === index
    const operations = happened ? effective(command, result) : []
    const removedCount = changes.length - operations.length
    if (removedCount < 0) throw new UnexpectedStep(`entry ${index} changed too little`)
    for (const [i, { ordinal, version }] of changes.entries()) {
      if (ordinal !== i + 1 || version !== index)
        throw new UnexpectedStep(`entry ${index} counts its changes wrong`)
    }
    const ending = command.kind === 'end-lease' ? command.lease : undefined
    this.#remove(index, changes.slice(0, removedCount), ending)
    if (happened) this.#commit(index, command, result, operations, changes.slice(removedCount))
    this.#answer(index, command, result)
  }

  isLive(lease: LeaseId): boolean {
    const held = this.leases.get(lease)
    return held !== undefined && this.logTimeMs <= held.expiresAtMs
  }

  #remove(index: number, removed: readonly WireChange[], ending: LeaseId | undefined): void {
    for (const [id, lease] of this.leases) {
      if (this.logTimeMs <= lease.expiresAtMs || this.#over.has(id)) continue
      this.#over.add(id)
      this.#events.leaseExpired(id)
    }
    let expired = 0
    for (const change of removed) {
      const key = text(change.key)
      const row = this.rows.get(key)
      if (change.value !== undefined || row === undefined)
        throw new UnexpectedStep(`entry ${index} changed ${key} without a command`)
      const isDue = this.#isDue(row)
      const isEnded = row.lease !== undefined && row.lease === ending
      if (!isDue && !isEnded) throw new UnexpectedStep(`entry ${index} removed ${key} before its time`)
      // A lease that is over may be gone by its time just before it is ended.
      if (isDue) expired++
      if (isDue && row.lease === undefined) this.#events.keyExpired(key, row)
      this.#drop(key, row)
    }
    let gone = 0
    for (const id of this.#over) {
      if (this.leases.get(id)!.keys.size > 0) continue
      this.#over.delete(id)
      this.leases.delete(id)
      gone++
    }
    const isBounded = expired + gone + this.#carried >= this.#expiredPerEntryMax
    if (!isBounded) {
      const left = this.#firstDue(ending)
      if (left !== undefined) throw new UnexpectedStep(`entry ${index} left ${left} beyond its time`)
      this.#carried = 0
    } else this.#carried += gone
  }

  #firstDue(ending: LeaseId | undefined): string | undefined {
    for (const id of this.#over) if (id !== ending) return `keys of lease ${id}`
    for (const key of this.#timed) if (this.#isDue(this.rows.get(key)!)) return key
    return undefined
  }

  #isDue({ expiresAtMs, lease }: ExpectedRow): boolean {
    return this.logTimeMs > (lease === undefined ? expiresAtMs : this.leases.get(lease)!.expiresAtMs)
  }

  #commit(
    index: number,
    { comparisons, operations: all }: CommitCommand,
    result: Extract<CommandResult, { kind: 'committed' }>,
    operations: readonly CommandOperation[],
    changes: readonly WireChange[],
  ): void {
    for (const { key, version } of comparisons) {
      if ((this.rows.get(text(key))?.version ?? 0) !== version)
        throw new UnexpectedStep(`entry ${index} happened though ${text(key)} has not version ${version}`)
    }
    for (const [i, operation] of all.entries()) {
      const existed = this.rows.has(text(operation.key))
      if (result.existed[i] !== existed)
        throw new UnexpectedStep(`entry ${index} says of ${text(operation.key)} that existed is ${!existed}`)
    }
    for (const [i, operation] of operations.entries()) {
      const key = text(operation.key)
      const change = changes[i]!
      const row = this.rows.get(key)
      if (text(change.key) !== key || (change.value === undefined) !== (operation.kind === 'delete'))
        throw new UnexpectedStep(`entry ${index} did not tell its change of ${key}`)
      if (operation.kind === 'delete') {
        if (row !== undefined) this.#drop(key, row)
        continue
      }
      const { lease, ttlMs } = operation
      if (lease !== undefined && !this.isLive(lease))
        throw new UnexpectedStep(`entry ${index} put ${key} with lease ${lease}, which is gone`)
      if (row !== undefined) this.#drop(key, row)
      const value = text(operation.value)
      if (text(change.value!) !== value)
        throw new UnexpectedStep(`entry ${index} told another value of ${key}`)
      const expiresAtMs = ttlMs === undefined ? Number.POSITIVE_INFINITY : this.logTimeMs + ttlMs
      this.rows.set(key, { version: result.version, value, expiresAtMs, lease })
      if (ttlMs !== undefined) this.#timed.add(key)
      if (lease !== undefined) this.leases.get(lease)!.keys.add(key)
    }
  }

  #answer(index: number, command: Command, result: CommandResult): void {
    switch (command.kind) {
      case 'commit':
        if (result.kind === 'lease-gone' && this.isLive(result.lease))
          throw new UnexpectedStep(`entry ${index} says that lease ${result.lease} is gone, and it is there`)
        return
      case 'grant-lease': {
        if (result.kind !== 'lease-granted' || result.lease !== index) return
        const expiresAtMs = this.logTimeMs + command.ttlMs
        this.leases.set(result.lease, { ttlMs: command.ttlMs, expiresAtMs, keys: new Set() })
        return this.#events.leaseGranted(result.lease, command)
      }
      case 'keep-leases':
        if (result.kind !== 'leases-kept') return
        for (const [i, id] of command.leases.entries()) {
          if (result.kept[i] !== this.isLive(id))
            throw new UnexpectedStep(`entry ${index} says of lease ${id} that kept is ${result.kept[i]}`)
          if (!result.kept[i]) continue
          const lease = this.leases.get(id)!
          lease.expiresAtMs = this.logTimeMs + lease.ttlMs
        }
        return
      case 'end-lease': {
        if (result.kind !== 'lease-ended') return
        const { lease } = command
        if (result.existed !== this.isLive(lease))
          throw new UnexpectedStep(`entry ${index} says of lease ${lease} that existed is ${result.existed}`)
        const key = this.leases.get(lease)?.keys.values().next().value
        if (key !== undefined) throw new UnexpectedStep(`entry ${index} ended lease ${lease} and left ${key}`)
        if (result.existed) this.#events.leaseEnded(lease)
        this.leases.delete(lease)
        this.#over.delete(lease)
        return
      }
      case 'open-session':
      case 'advance-time':
        return
      default:
        return unreachable(command)
    }
  }

  #drop(key: string, { lease }: ExpectedRow): void {
    this.rows.delete(key)
    this.#timed.delete(key)
    if (lease !== undefined) this.leases.get(lease)?.keys.delete(key)
  }
}

/** Operations that changed something, as the result says: the changes are held against this. */
function effective(
  { operations }: CommitCommand,
  { existed }: Extract<CommandResult, { kind: 'committed' }>,
): readonly CommandOperation[] {
  return operations.filter(({ kind }, i) => kind === 'put' || existed[i])
}
