import { assert } from '../../../foundation/assert.ts'
import { type SessionId, sessionId } from '../../../foundation/ids.ts'
import { mark } from '../../../foundation/marks.ts'
import type { RowChange, Table } from '../../../storage/table/table.ts'
import type { CommandResult } from '../../../wire/command/command.ts'
import { decodeCommandResult, encodeCommandResult } from '../../../wire/command/result-codec.ts'
import { space, systemRowKey, viewOf } from './row.ts'

/** Log time after which a session that nobody used is gone. */
export const SESSION_IDLE_MS_MAX = 10 * 60_000
const SESSIONS_MAX = 100_000
/** Responses that one session may have waiting for acknowledgement: more than a client has in flight. */
const RESPONSES_PER_SESSION_MAX = 16_384
/** All of a session is one row, which has to fit into one message of a snapshot. */
const RESPONSE_BYTES_PER_SESSION_MAX = 2 << 20

interface Session {
  readonly id: SessionId
  /** Log time of the last command. */
  usedMs: number
  /** All sequences below were acknowledged. */
  lowWater: number
  /** Encoded lazily: nearly every response is acknowledged and forgotten before a flush. */
  readonly responses: Map<number, CommandResult>
  /** By `weightOf`. */
  responseBytes: number
}

/**
 * Duplicate detection: `(session, sequence)` gives the response of the first time. Replicated state: it changes only
 * by applied commands, and its rows are part of every flush and snapshot (Ongaro's dissertation, section 6.3).
 *
 * Sessions live in memory; `writeDirty` turns the changed ones into rows just before the table is flushed, because
 * nearly all of their churn is gone by then.
 */
export class Sessions {
  readonly #sessions = new Map<SessionId, Session>()
  readonly #dirty = new Set<SessionId>()
  readonly #idleMsMax: number

  /** `idleMsMax`: log time after which a session that nobody used is gone. */
  constructor(idleMsMax = SESSION_IDLE_MS_MAX) {
    this.#idleMsMax = idleMsMax
  }

  get size(): number {
    return this.#sessions.size
  }

  /** Reads all rows: after a start, and after a snapshot was installed. */
  load(table: Table): void {
    this.#sessions.clear()
    this.#dirty.clear()
    const from = new Uint8Array([space.session])
    const to = new Uint8Array([space.session + 1])
    for (const row of table.scan(from, to)) {
      const session = decodeSession(row.key, row.value)
      this.#sessions.set(session.id, session)
    }
  }

  /** A new session, named by the index of the entry that opened it. False when too many are in use. */
  open(id: SessionId, logTimeMs: number): boolean {
    for (const session of this.#sessions.values())
      if (this.#isExpired(session, logTimeMs)) this.#remove(session)
    if (this.#sessions.size >= SESSIONS_MAX) return false
    assert(!this.#sessions.has(id), 'an entry opens one session')
    this.#sessions.set(id, { id, usedMs: logTimeMs, lowWater: 1, responses: new Map(), responseBytes: 0 })
    this.#dirty.add(id)
    return true
  }

  /**
   * What to answer without running the command: the remembered response of a retry, or why it may not run.
   * `undefined`: run it, then `remember`.
   */
  before(id: SessionId, sequence: number, lowWater: number, logTimeMs: number): CommandResult | undefined {
    const session = this.#sessions.get(id)
    if (session === undefined) return { kind: 'session-expired' }
    if (this.#isExpired(session, logTimeMs)) {
      this.#remove(session)
      return { kind: 'session-expired' }
    }
    session.usedMs = logTimeMs
    this.#dirty.add(id)
    if (session.lowWater < lowWater) acknowledge(session, lowWater)
    if (sequence < session.lowWater) return { kind: 'session-expired' }
    const remembered = session.responses.get(sequence)
    if (remembered !== undefined) {
      mark('state-machine/retry-answered')
      return remembered
    }
    const { responses, responseBytes } = session
    if (responses.size >= RESPONSES_PER_SESSION_MAX || responseBytes >= RESPONSE_BYTES_PER_SESSION_MAX)
      return { kind: 'overloaded' }
    return undefined
  }

  remember(id: SessionId, sequence: number, result: CommandResult): void {
    const session = this.#sessions.get(id)
    assert(session !== undefined, 'a command runs within a live session')
    session.responses.set(sequence, result)
    session.responseBytes += weightOf(result)
  }

  /** Rows of the sessions that changed since the last call. */
  writeDirty(): RowChange[] {
    const changes: RowChange[] = []
    for (const id of this.#dirty) {
      const session = this.#sessions.get(id)
      changes.push({ key: systemRowKey(space.session, id), value: session && encodeSession(session) })
    }
    this.#dirty.clear()
    return changes
  }

  #isExpired(session: Session, logTimeMs: number): boolean {
    return logTimeMs - session.usedMs > this.#idleMsMax
  }

  #remove(session: Session): void {
    this.#sessions.delete(session.id)
    this.#dirty.add(session.id)
  }
}

/** A client may state any number: what is walked through is what is there, or less. */
function acknowledge(session: Session, lowWater: number): void {
  if (lowWater - session.lowWater <= session.responses.size) {
    for (let sequence = session.lowWater; sequence < lowWater; sequence++) forget(session, sequence)
  } else {
    for (const sequence of session.responses.keys()) if (sequence < lowWater) forget(session, sequence)
  }
  session.lowWater = lowWater
}

function forget(session: Session, sequence: number): void {
  const result = session.responses.get(sequence)
  if (result === undefined) return
  session.responses.delete(sequence)
  session.responseBytes -= weightOf(result)
}

/** No less than what it takes in the row. */
function weightOf(result: CommandResult): number {
  return 64 + (result.kind === 'comparison-failed' ? 8 * result.found.length : 0)
}

function encodeSession(session: Session): Uint8Array {
  const parts: Uint8Array[] = []
  let sizeBytes = 16
  for (const [sequence, result] of session.responses) {
    const encoded = encodeCommandResult(result)
    const header = new Uint8Array(12)
    viewOf(header).setFloat64(0, sequence)
    viewOf(header).setUint32(8, encoded.length)
    parts.push(header, encoded)
    sizeBytes += header.length + encoded.length
  }
  const bytes = new Uint8Array(sizeBytes)
  viewOf(bytes).setFloat64(0, session.usedMs)
  viewOf(bytes).setFloat64(8, session.lowWater)
  let offset = 16
  for (const part of parts) {
    bytes.set(part, offset)
    offset += part.length
  }
  return bytes
}

function decodeSession(key: Uint8Array, bytes: Uint8Array): Session {
  const view = viewOf(bytes)
  const responses = new Map<number, CommandResult>()
  let responseBytes = 0
  let offset = 16
  while (offset < bytes.length) {
    const sequence = view.getFloat64(offset)
    const length = view.getUint32(offset + 8)
    const result = decodeCommandResult(bytes.slice(offset + 12, offset + 12 + length))
    responses.set(sequence, result)
    responseBytes += weightOf(result)
    offset += 12 + length
  }
  return {
    id: sessionId(viewOf(key).getFloat64(1)),
    usedMs: view.getFloat64(0),
    lowWater: view.getFloat64(8),
    responses,
    responseBytes,
  }
}
