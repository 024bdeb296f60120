import { DureError } from '../../../foundation/errors.ts'
import { type LogIndex, logIndex, type NodeId } from '../../../foundation/ids.ts'
import { DURE_VERSION } from '../../../foundation/version.ts'
import type { Runtime } from '../../../runtime/runtime.ts'
import type { BackupHeader } from '../../../storage/snapshot/backup-format.ts'
import { decodeChunk } from '../../../storage/snapshot/chunk-codec.ts'
import type { Table, TablePosition, TableSnapshot } from '../../../storage/table/table.ts'
import type { Request } from '../../../wire/parcel/parcel.ts'
import type { OpenCallback } from '../node-options.ts'
import type { Reply } from '../requests/open-requests.ts'
import { space, viewOf } from '../state-machine/row.ts'

/** A snapshot that is being read: header first, then its chunks in order. Holds pages of the table: close it. */
export interface BackupSource {
  readonly header: BackupHeader
  /** The next chunk; undefined after the last. One call at a time. */
  next(done: OpenCallback<Uint8Array>): void
  close(): void
}

export interface BackupParts {
  readonly runtime: Runtime
  readonly clusterId: string
  readonly nodeId: NodeId
  readonly table: Table
  /** Brings what was applied into the table, durably. */
  readonly flush: (done: () => void) => void
  readonly request: (request: Request, timeoutMs: number, reply: Reply) => void
}

/** Each holds pages of the table back from being used again. */
const OPEN_MAX = 2
/** How often it is looked whether this node has applied what the leader had. */
const POLL_MS = 5
const RETRY_MS = 50

/**
 * Backups that a node gives out of its own table.
 *
 * 1. A strong read point: the leader says up to where its log is committed and applied. Whatever was acknowledged before
 *    the call lies before it.
 * 2. This node waits until it has applied as much, and flushes until that is durable.
 * 3. A snapshot of the durable table is read chunk by chunk, as fast as whoever asked takes it. Writes go on meanwhile.
 */
export class Backups {
  readonly #parts: BackupParts
  readonly #open = new Set<TableSnapshot>()
  #preparing = 0
  #isClosed = false

  constructor(parts: BackupParts) {
    this.#parts = parts
  }

  /**
   * Errors: `overloaded` when two are open already; `unavailable`, `not-leader` or `timeout` when no leader confirms the
   * read point, or this node does not catch up with it in time.
   */
  open(timeoutMs: number, done: OpenCallback<BackupSource>): void {
    if (this.#open.size + this.#preparing >= OPEN_MAX) {
      const message = `${OPEN_MAX} backups are being read from this node already: wait for one to end, or ask another node`
      return done(new DureError('overloaded', message, { retryable: true, retryAfterMs: 5_000 }), undefined)
    }
    this.#preparing++
    const deadlineMs = this.#nowMs() + timeoutMs
    const finish: OpenCallback<BackupSource> = (error, source) => {
      this.#preparing--
      done(error, source)
    }
    this.#readPoint(deadlineMs, finish)
  }

  /** Ends those that are being read. */
  close(): void {
    this.#isClosed = true
    for (const snapshot of this.#open) snapshot.close()
    this.#open.clear()
  }

  /** Asked again while there is time: a leader that died has a successor within a second or two. */
  #readPoint(deadlineMs: number, done: OpenCallback<BackupSource>): void {
    const leftMs = Math.max(1, deadlineMs - this.#nowMs())
    this.#parts.request({ kind: 'cursor' }, leftMs, (response) => {
      if (response.status === 'cursor') {
        // The place of now lies before the first change of the next entry.
        return this.#whenDurable(logIndex(response.place.index - 1), deadlineMs, done)
      }
      if (response.status !== 'error') {
        return done(new DureError('protocol', `asked for a cursor, got ${response.status}`), undefined)
      }
      const { code, message, retryable } = response
      if (retryable && !this.#isClosed && this.#nowMs() + RETRY_MS < deadlineMs) {
        this.#parts.runtime.timer(RETRY_MS, () => this.#readPoint(deadlineMs, done))
        return
      }
      done(new DureError(code, `no read point for the backup: ${message}`, { retryable }), undefined)
    })
  }

  #whenDurable(index: LogIndex, deadlineMs: number, done: OpenCallback<BackupSource>): void {
    const { table, flush, runtime } = this.#parts
    if (this.#isClosed) return done(closed(), undefined)
    if (table.durablePosition.index >= index) return this.#begin(done)
    if (this.#nowMs() >= deadlineMs) {
      const message = `this node has applied ${table.position.index} of ${index} entries in time: give it more, or ask another node`
      return done(new DureError('timeout', message, { retryable: true }), undefined)
    }
    const again = (): void => this.#whenDurable(index, deadlineMs, done)
    if (table.position.index >= index) flush(again)
    else runtime.timer(POLL_MS, again)
  }

  #begin(done: OpenCallback<BackupSource>): void {
    let snapshot: TableSnapshot
    try {
      snapshot = this.#parts.table.openSnapshot()
    } catch (error) {
      if (!(error instanceof DureError)) throw error
      return done(error, undefined)
    }
    this.#open.add(snapshot)
    // The header says what time it is in the log, and the first chunk knows.
    snapshot.read(0, (first, isLast) => {
      if (!this.#open.has(snapshot)) return done(closed(), undefined)
      done(undefined, this.#source(snapshot, first, isLast))
    })
  }

  #source(snapshot: TableSnapshot, first: Uint8Array, isOnly: boolean): BackupSource {
    let chunk = 0
    let last = isOnly ? 0 : Number.POSITIVE_INFINITY
    return {
      header: this.#header(snapshot.position, first),
      next: (done) => {
        if (!this.#open.has(snapshot)) return done(closed(), undefined)
        if (chunk > last) return done(undefined, undefined)
        if (chunk++ === 0) return done(undefined, first)
        const number = chunk - 1
        snapshot.read(number, (bytes, isLast) => {
          if (isLast) last = number
          done(undefined, bytes)
        })
      },
      close: () => {
        if (this.#open.delete(snapshot)) snapshot.close()
      },
    }
  }

  #header({ index, term, membership }: TablePosition, first: Uint8Array): BackupHeader {
    const { clusterId, nodeId, runtime } = this.#parts
    return {
      clusterId,
      nodeId,
      index: logIndex(index),
      term,
      membership,
      logTimeMs: logTimeIn(first),
      version: DURE_VERSION,
      createdAtMs: runtime.clock.wallMs(),
    }
  }

  #nowMs(): number {
    return this.#parts.runtime.clock.monotonicMs()
  }
}

/** The row of the log time is the first of all. */
function logTimeIn(chunk: Uint8Array): number {
  const [row] = decodeChunk(chunk)
  return row?.key[0] === space.time ? viewOf(row.value).getFloat64(0) : 0
}

const closed = (): DureError =>
  new DureError('closed', 'the node is closing: ask another node for the backup', { retryable: true })
