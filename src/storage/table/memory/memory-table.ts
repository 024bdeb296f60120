import { assert } from '../../../foundation/assert.ts'
import type { GroupId } from '../../../foundation/ids.ts'
import type { Membership } from '../../../protocols/raft/membership.ts'
import type { Runtime } from '../../../runtime/runtime.ts'
import { CHUNK_BYTES, decodeChunk, encodeChunk } from '../../snapshot/chunk-codec.ts'
import type {
  FrozenTable,
  Row,
  RowChange,
  SnapshotReceiver,
  Table,
  TablePosition,
  TableSnapshot,
} from '../table.ts'
import type { DurableTables } from './durable-tables.ts'
import { rowName, scanRows } from './row-map.ts'
import type { TableFaults } from './table-faults.ts'

/**
 * The simulator's twin of the LMDB table: the same promises over maps. What was not flushed is gone after a crash,
 * because only `DurableTables` outlives the process.
 */
export class MemoryTable implements Table {
  readonly #group: GroupId
  readonly #runtime: Runtime
  readonly #durable: DurableTables
  readonly #faults: TableFaults
  #rows: Map<string, Row>
  #position: TablePosition
  #durablePosition: TablePosition
  #unflushedBytes = 0
  #isFlushing = false
  #waiting: { readonly done: (durable: TablePosition) => void; readonly prepare: () => void }[] = []
  #receiver: MemoryReceiver | undefined

  constructor(
    group: GroupId,
    initial: Membership,
    parts: { readonly runtime: Runtime; readonly durable: DurableTables; readonly faults: TableFaults },
  ) {
    this.#group = group
    this.#runtime = parts.runtime
    this.#durable = parts.durable
    this.#faults = parts.faults
    const found = parts.durable.get(group)
    this.#rows = new Map(found?.rows)
    this.#position = found?.position ?? ({ index: 0, term: 0, membership: initial } as TablePosition)
    this.#durablePosition = this.#position
  }

  get position(): TablePosition {
    return this.#position
  }

  get durablePosition(): TablePosition {
    return this.#durablePosition
  }

  get unflushedBytes(): number {
    return this.#unflushedBytes
  }

  get(key: Uint8Array, bytesMax?: number): Uint8Array | undefined {
    return this.#rows.get(rowName(key))?.value.subarray(0, bytesMax)
  }

  scan(from: Uint8Array, to: Uint8Array | undefined): Iterable<Row> {
    return scanRows(this.#rows, from, to)
  }

  commit(changes: readonly RowChange[], position: TablePosition): void {
    assert(position.index >= this.#position.index, 'a table never goes back')
    for (const { key, value } of changes) {
      if (value === undefined) this.#rows.delete(rowName(key))
      else this.#rows.set(rowName(key), { key, value })
      this.#unflushedBytes += key.length + (value?.length ?? 0)
    }
    this.#position = position
  }

  flush(done: (durable: TablePosition) => void, prepare: () => void = () => {}): void {
    this.#waiting.push({ done, prepare })
    if (this.#isFlushing) return
    this.#isFlushing = true
    // Not at once, as with the real one: it may have something else to write first.
    this.#runtime.timer(this.#faults.delayMs(), () => this.#flushNow())
  }

  freeze(): FrozenTable {
    const rows = new Map(this.#rows)
    return {
      position: this.#position,
      scan: (from, to) => scanRows(rows, from, to),
      close: () => rows.clear(),
    }
  }

  openSnapshot(): TableSnapshot {
    const { rows, position } = this.#durable.get(this.#group) ?? {
      rows: new Map(),
      position: this.#durablePosition,
    }
    const chunks = splitIntoChunks(
      scanRows(rows, new Uint8Array(0), undefined),
      this.#faults.chunkBytes ?? CHUNK_BYTES,
    )
    return {
      position,
      read: (chunk, done) => {
        const isLast = chunk === chunks.length - 1
        this.#runtime.timer(this.#faults.delayMs(), () => done(encodeChunk(chunks[chunk]!), isLast))
      },
      close: () => {},
    }
  }

  receiveSnapshot(position: TablePosition): SnapshotReceiver {
    this.#receiver?.discard()
    this.#receiver = new MemoryReceiver(this.#runtime, this.#faults, (rows, done) =>
      this.#install(position, rows, done),
    )
    return this.#receiver
  }

  #flushNow(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const { prepare } of waiting) prepare()
    const flushed = { position: this.#position, rows: new Map(this.#rows) }
    this.#unflushedBytes = 0
    this.#runtime.timer(this.#faults.delayMs(), () => {
      const error = this.#faults.flushError()
      if (error !== undefined) this.#runtime.abort(error)
      // A snapshot may have been installed meanwhile: older rows must not come back.
      if (flushed.position.index >= this.#durablePosition.index) {
        this.#durable.set(this.#group, flushed)
        this.#durablePosition = flushed.position
      }
      for (const { done } of waiting) done(this.#durablePosition)
      if (this.#waiting.length > 0) this.#flushNow()
      else this.#isFlushing = false
    })
  }

  #install(position: TablePosition, rows: Map<string, Row>, done: (error: Error | undefined) => void): void {
    this.#runtime.timer(this.#faults.delayMs(), () => {
      // A copy: the receiver lets go of its rows when the next snapshot begins to arrive.
      this.#durable.set(this.#group, { position, rows: new Map(rows) })
      this.#rows = new Map(rows)
      this.#position = position
      this.#durablePosition = position
      this.#unflushedBytes = 0
      done(undefined)
    })
  }
}

class MemoryReceiver implements SnapshotReceiver {
  readonly #runtime: Runtime
  readonly #faults: TableFaults
  readonly #install: (rows: Map<string, Row>, done: (error: Error | undefined) => void) => void
  readonly #rows = new Map<string, Row>()
  #nextChunk = 0
  #busyUntilMs = 0
  #isDiscarded = false

  constructor(
    runtime: Runtime,
    faults: TableFaults,
    install: (rows: Map<string, Row>, done: (error: Error | undefined) => void) => void,
  ) {
    this.#runtime = runtime
    this.#faults = faults
    this.#install = install
  }

  write(chunk: number, bytes: Uint8Array, done: (error: Error | undefined) => void): void {
    if (chunk !== this.#nextChunk || this.#isDiscarded) {
      return done(new Error(`expected chunk ${this.#nextChunk} of the snapshot, got ${chunk}`))
    }
    try {
      for (const { key, value } of decodeChunk(bytes)) {
        this.#rows.set(rowName(key), { key: key.slice(), value: value.slice() })
      }
    } catch (error) {
      return done(error as Error)
    }
    this.#nextChunk++
    // A slow chunk holds up those behind it: they are done in order.
    const nowMs = this.#runtime.clock.monotonicMs()
    this.#busyUntilMs = Math.max(this.#busyUntilMs, nowMs) + this.#faults.delayMs()
    this.#runtime.timer(this.#busyUntilMs - nowMs, () => done(undefined))
  }

  install(done: (error: Error | undefined) => void): void {
    if (this.#isDiscarded) return done(new Error('the snapshot was discarded: a newer one took its place'))
    this.#install(this.#rows, done)
  }

  discard(): void {
    this.#isDiscarded = true
    this.#rows.clear()
  }
}

/** At least one chunk, which may be empty. */
function splitIntoChunks(rows: readonly Row[], chunkBytes: number): Row[][] {
  const chunks: Row[][] = [[]]
  let sizeBytes = 0
  for (const row of rows) {
    const rowBytes = row.key.length + row.value.length
    if (sizeBytes > 0 && sizeBytes + rowBytes > chunkBytes) {
      chunks.push([])
      sizeBytes = 0
    }
    chunks.at(-1)!.push(row)
    sizeBytes += rowBytes
  }
  return chunks
}
