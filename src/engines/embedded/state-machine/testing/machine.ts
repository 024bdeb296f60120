import { expect } from 'vitest'
import { text, utf8 } from '../../../../foundation/bytes.ts'
import { groupId, leaseId, logIndex, nodeId, sessionId, term } from '../../../../foundation/ids.ts'
import type { Entry } from '../../../../protocols/raft/entry.ts'
import type { Runtime } from '../../../../runtime/runtime.ts'
import { Simulation } from '../../../../runtime/simulated/simulation.ts'
import { DurableTables } from '../../../../storage/table/memory/durable-tables.ts'
import { MemoryTableStore } from '../../../../storage/table/memory/memory-table-store.ts'
import type { Table, TablePosition } from '../../../../storage/table/table.ts'
import { encodeCommand } from '../../../../wire/command/codec.ts'
import type {
  Command,
  CommandResult,
  CommitCommand,
  GrantLeaseCommand,
} from '../../../../wire/command/command.ts'
import { StateMachine, type StateMachineBounds } from '../state-machine.ts'

const membership = {
  voters: [nodeId(1)],
  votersOutgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
}

/** A state machine on a table that can be flushed and lost. */
export class Machine {
  readonly #durable = new DurableTables()
  readonly #world = new Simulation({ seed: 1 })
  readonly #runtime: Runtime
  readonly #bounds: StateMachineBounds | undefined
  #table: Table
  machine: StateMachine
  index = 0
  /** The log: what was applied, after a base up to which it was cut. */
  #log = { base: { index: logIndex(0) }, entries: [] as Entry[] }

  constructor(bounds?: StateMachineBounds) {
    this.#bounds = bounds
    let runtime: Runtime | undefined
    this.#world.spawn('machine', { promises: false }).start((own) => (runtime = own))
    this.#world.run({ untilMs: 0 })
    this.#runtime = runtime!
    this.#table = this.#open()
    this.machine = new StateMachine(this.#table, this.#bounds)
  }

  apply(command: Command | Uint8Array, index = this.index + 1): CommandResult {
    this.index = index
    const data = command instanceof Uint8Array ? command : encodeCommand(command)
    this.#log.entries[index - this.#log.base.index - 1] = {
      index: logIndex(index),
      term: term(1),
      kind: 'command',
      data,
    }
    return this.machine.apply(data, { index: logIndex(index), term: term(1), membership })
  }

  /** What the log holds at a place, once more. */
  again(index: number): CommandResult {
    return this.apply(this.#log.entries[index - this.#log.base.index - 1]!.data, index)
  }

  /** Further than it may be. */
  cutLog(index: number): void {
    const { base, entries } = this.#log
    this.#log = { base: { index: logIndex(index) }, entries: entries.slice(index - base.index) }
  }

  read(key: string): string | undefined {
    const { value } = this.machine.get(utf8(key))
    return value === undefined ? undefined : text(value)
  }

  /** Up to where the table has applied. */
  get position(): TablePosition {
    return this.#table.position
  }

  /** And cuts the log as far as it is not needed. `logBytesMax`: see `ChangeFeed`. */
  flush(logBytesMax?: number): void {
    let isDone = false
    let neededAfter: number | undefined
    this.#table.flush(
      () => (isDone = true),
      () => (neededAfter = this.machine.prepareFlush(logBytesMax)),
    )
    this.#world.runUntil(() => isDone, { withinMs: 1_000 })
    this.cutLog(neededAfter ?? this.#table.position.index)
  }

  /** Of the log, how many entries are kept. */
  get logLength(): number {
    return this.#log.entries.length
  }

  /** What was not flushed is gone. Answers the index to apply from. */
  crash(): number {
    this.#table = this.#open()
    this.machine = new StateMachine(this.#table, this.#bounds, this.#log)
    this.index = this.#table.position.index
    return this.index
  }

  /** All rows, keys and values in hex. */
  rows(): [string, string][] {
    const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
    return [...this.#table.scan(new Uint8Array(0), undefined)].map(({ key, value }) => [hex(key), hex(value)])
  }

  /** Drops rows behind the state machine's back, as if an older version had written the table. */
  forget(inSpace: number): void {
    const rows = [...this.#table.scan(new Uint8Array([inSpace]), new Uint8Array([inSpace + 1]))]
    const changes = rows.map(({ key }) => ({ key, value: undefined }))
    this.#table.commit(changes, this.#table.position)
    this.machine = new StateMachine(this.#table, this.#bounds)
  }

  /** What a watch from `after` would be told. */
  changes(after: number = this.machine.feed.compactedIndex): string[] {
    return [...this.machine.feed.after(after)].map(
      ({ index, changes }) =>
        `${index}: ${changes
          .map(({ key, value, ordinal, version }) => {
            expect(version).toBe(index)
            const shown = value === undefined ? '' : ` = ${text(value).slice(0, 8)}`
            return `${ordinal} ${value === undefined ? 'delete' : 'put'} ${text(key)}${shown}`
          })
          .join(', ')}`,
    )
  }

  #open(): Table {
    return new MemoryTableStore({ runtime: this.#runtime, durable: this.#durable }).open(
      groupId(0),
      membership,
    )
  }
}

export const commit = (fields: Partial<CommitCommand>): CommitCommand => ({
  kind: 'commit',
  logTimeMs: 0,
  session: sessionId(0),
  sequence: 0,
  lowWater: 0,
  idempotencyKey: '',
  comparisons: [],
  operations: [],
  ...fields,
})
/** Of a value, for good unless said. */
export const put = (key: string, value: string) => ({
  kind: 'put' as const,
  key: utf8(key),
  value: utf8(value),
})
export const openSession = (logTimeMs = 0): Command => ({ kind: 'open-session', logTimeMs })

export const remove = (key: string) => ({ kind: 'delete' as const, key: utf8(key) })
export const grant = (ttlMs: number, logTimeMs = 0): GrantLeaseCommand => ({
  kind: 'grant-lease',
  logTimeMs,
  session: sessionId(0),
  sequence: 0,
  lowWater: 0,
  ttlMs,
})
export const keep = (leases: readonly number[], logTimeMs = 0): Command => ({
  kind: 'keep-leases',
  logTimeMs,
  leases: leases.map(leaseId),
})
export const end = (lease: number, logTimeMs = 0): Command => ({
  kind: 'end-lease',
  logTimeMs,
  lease: leaseId(lease),
})
export const advance = (logTimeMs: number): Command => ({ kind: 'advance-time', logTimeMs })
