import { unreachable } from '../../../foundation/assert.ts'
import { DureError } from '../../../foundation/errors.ts'
import { type LogIndex, sessionId } from '../../../foundation/ids.ts'
import { mark } from '../../../foundation/marks.ts'
import type { Stored } from '../../../ports/key-value/key-value-store.ts'
import { absent, type Version, versionFromNumber } from '../../../ports/key-value/version.ts'
import type { RowChange, Table, TablePosition } from '../../../storage/table/table.ts'
import { decodeCommand } from '../../../wire/command/codec.ts'
import type { Command, CommandResult, CommitCommand } from '../../../wire/command/command.ts'
import { IdempotencyRecords } from './idempotency.ts'
import { rowContent, rowVersion, space, userRowKey, userRowValue, viewOf } from './row.ts'
import { Sessions } from './sessions.ts'

const logTimeKey = new Uint8Array([space.time])

/**
 * The replicated state machine: applied commands in, rows and results out. Deterministic and total: every node that
 * applies the same entries holds the same rows and answers the same, whatever the bytes of a command.
 *
 * A key's version is the index of the entry that wrote it, so a later write of a key has a larger one and no two
 * writes share one.
 */
export class StateMachine {
  readonly #table: Table
  readonly #sessions = new Sessions()
  readonly #idempotency: IdempotencyRecords
  /** The largest time a leader stamped on an applied command; not wall time, and never going back. */
  #logTimeMs = 0

  constructor(table: Table) {
    this.#table = table
    this.#idempotency = new IdempotencyRecords(table)
    this.reload()
  }

  get sessionCount(): number {
    return this.#sessions.size
  }

  get idempotencyRecordCount(): number {
    return this.#idempotency.size
  }

  /** Takes the table as it is: after a start, and after a snapshot was installed. */
  reload(): void {
    this.#sessions.load(this.#table)
    this.#idempotency.load()
    const time = this.#table.get(logTimeKey)
    this.#logTimeMs = time === undefined ? 0 : viewOf(time).getFloat64(0)
  }

  get(key: Uint8Array): Stored {
    const row = this.#table.get(userRowKey(key))
    if (row === undefined) return { exists: false, value: undefined, version: absent }
    return { exists: true, value: rowContent(row), version: rowVersion(row) }
  }

  /** Applies the command of the entry at `position.index`; rows and position become visible in one step. */
  apply(data: Uint8Array, position: TablePosition): CommandResult {
    const changes: RowChange[] = []
    const result = this.#run(data, position.index, changes)
    this.#table.commit(changes, position)
    return result
  }

  /** Advances past an entry that is none of ours (a no-op, a membership change). */
  skip(position: TablePosition): void {
    this.#table.commit([], position)
  }

  /** Brings what lives in memory into the table; right before a flush takes its position, with no entry in between. */
  prepareFlush(): void {
    const time = new Uint8Array(8)
    viewOf(time).setFloat64(0, this.#logTimeMs)
    const changes = this.#sessions.writeDirty()
    changes.push({ key: logTimeKey, value: time })
    this.#table.commit(changes, this.#table.position)
  }

  #run(data: Uint8Array, index: LogIndex, changes: RowChange[]): CommandResult {
    let command: Command
    try {
      command = decodeCommand(data)
    } catch (error) {
      // Leaders check commands before they propose them; one from a newer version must still not stop the node.
      if (error instanceof DureError) return { kind: 'invalid', message: error.message }
      throw error
    }
    if (command.logTimeMs > this.#logTimeMs) this.#logTimeMs = command.logTimeMs
    switch (command.kind) {
      case 'open-session': {
        const session = sessionId(index)
        if (!this.#sessions.open(session, this.#logTimeMs)) return { kind: 'overloaded' }
        return { kind: 'session-opened', session }
      }
      case 'commit':
        return this.#once(command, index, changes)
      default:
        return unreachable(command)
    }
  }

  #once(command: CommitCommand, index: LogIndex, changes: RowChange[]): CommandResult {
    if (command.session !== 0) {
      const answer = this.#sessions.before(
        command.session,
        command.sequence,
        command.lowWater,
        this.#logTimeMs,
      )
      if (answer !== undefined) return answer
      const result = this.#commit(command, index, changes)
      this.#sessions.remember(command.session, command.sequence, result)
      return result
    }
    if (command.idempotencyKey !== '') {
      const answer = this.#idempotency.before(command, this.#logTimeMs)
      if (answer !== undefined) return answer
      const result = this.#commit(command, index, changes)
      for (const change of this.#idempotency.remember(command, result, this.#logTimeMs)) changes.push(change)
      return result
    }
    return this.#commit(command, index, changes)
  }

  #commit(command: CommitCommand, index: LogIndex, changes: RowChange[]): CommandResult {
    const { comparisons, operations } = command
    if (comparisons.length > 0) {
      let holds = true
      const found: Version[] = []
      for (const { key, version } of comparisons) {
        const row = this.#table.get(userRowKey(key))
        const current = row === undefined ? absent : rowVersion(row)
        found.push(current)
        if (current !== version) holds = false
      }
      if (!holds) {
        mark('state-machine/comparison-failed')
        return { kind: 'comparison-failed', found }
      }
    }
    const version = versionFromNumber(index)
    const existed: boolean[] = []
    for (const operation of operations) {
      const key = userRowKey(operation.key)
      existed.push(this.#table.get(key) !== undefined)
      changes.push({
        key,
        value: operation.kind === 'put' ? userRowValue(version, operation.value) : undefined,
      })
    }
    return { kind: 'committed', version, existed }
  }
}
