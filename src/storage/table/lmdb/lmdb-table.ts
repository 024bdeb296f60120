import { assert } from '../../../foundation/assert.ts'
import { DureError } from '../../../foundation/errors.ts'
import type { GroupId } from '../../../foundation/ids.ts'
import { decodeChunk } from '../../snapshot/chunk-codec.ts'
import type {
  FrozenTable,
  Row,
  RowChange,
  SnapshotReceiver,
  Table,
  TablePosition,
  TableSnapshot,
} from '../table.ts'
import type { Database } from './environment.ts'
import { afterGeneration, KEY_BYTES_MAX, metaKey, rowPrefix } from './key.ts'
import { LmdbSnapshot } from './lmdb-snapshot.ts'
import { mergedRows } from './merged-rows.ts'
import { keyHash } from './overlay/key-hash.ts'
import { Overlay } from './overlay/overlay.ts'
import type { PackedRows } from './overlay/packed-rows.ts'
import { RowArena } from './overlay/row-arena.ts'
import { ChunkPool } from './overlay/row-chunks.ts'
import { NOT_HERE } from './overlay/row-index.ts'
import { StoredRows } from './stored-rows.ts'
import { decodeMeta, encodeMeta, type TableMeta } from './table-meta.ts'
import type { Writer } from './writer.ts'

export interface LmdbTableParts {
  readonly database: Database
  readonly writer: Writer
  readonly abort: (reason: Error) => void
  readonly chunkBytes: number
  /** Read transactions that may be held at a time: an old one keeps LMDB from using pages again. */
  readonly viewsMax: number
  /** See `keyHash`. */
  readonly hashSeed: number
}

/** Rows that are removed of an old generation in one transaction. */
const REMOVED_ROWS_MAX = 2_000

/**
 * One group's rows: recent commits in memory, older ones in LMDB.
 *
 * ```
 *   commit ─▶ active ──flush begins──▶ flushing ──durable──▶ LMDB, and warm until the next flush ends
 *   get: active, flushing, warm, LMDB
 * ```
 */
export class LmdbTable implements Table {
  readonly #group: GroupId
  readonly #parts: LmdbTableParts
  #meta: TableMeta
  #stored: StoredRows
  #position: TablePosition
  readonly #pool = new ChunkPool()
  #active = new Overlay(this.#pool)
  #flushing: Overlay | undefined
  /** What the last flush wrote, the same as in LMDB: saves reading it from there. */
  #warm: Overlay | undefined
  /** For rows of snapshots that arrive. */
  readonly #receivingPool = new ChunkPool()
  #waiting: { readonly done: (durable: TablePosition) => void; readonly prepare: () => void }[] = []
  #views = 0
  #receiver: LmdbReceiver | undefined
  /** What is to be written, one at a time, in order. */
  readonly #jobs: ((finished: () => void) => void)[] = []
  #isBusy = false
  #isClosed = false
  #onIdle: (() => void) | undefined

  constructor(group: GroupId, meta: TableMeta, parts: LmdbTableParts) {
    this.#group = group
    this.#meta = meta
    this.#parts = parts
    this.#position = meta.position
    this.#stored = new StoredRows(parts.database, group, meta.generation)
    this.#removeGarbage()
  }

  get position(): TablePosition {
    return this.#position
  }

  get durablePosition(): TablePosition {
    return this.#meta.position
  }

  get unflushedBytes(): number {
    return this.#active.sizeBytes + (this.#flushing?.sizeBytes ?? 0)
  }

  get(key: Uint8Array, bytesMax: number = Number.POSITIVE_INFINITY): Uint8Array | undefined {
    const hash = keyHash(key, this.#parts.hashSeed)
    let overlay: Overlay | undefined = this.#active
    let address = overlay.find(key, hash)
    if (address === NOT_HERE) {
      overlay = this.#flushing
      address = overlay?.find(key, hash) ?? NOT_HERE
    }
    if (address === NOT_HERE) {
      overlay = this.#warm
      address = overlay?.find(key, hash) ?? NOT_HERE
    }
    return address === NOT_HERE ? this.#stored.get(key) : overlay!.valueAt(address, bytesMax)
  }

  scan(from: Uint8Array, to: Uint8Array | undefined): Iterable<Row> {
    const stored = this.#stored
    const overlays = this.#flushing === undefined ? [this.#active] : [this.#active, this.#flushing]
    return mergedRows(overlays, (start, end) => stored.scan(start, end), from, to)
  }

  commit(changes: readonly RowChange[], position: TablePosition): void {
    assert(position.index >= this.#position.index, 'the position of a table never goes back')
    for (const change of changes) {
      assert(change.key.length <= KEY_BYTES_MAX, 'a key fits into LMDB')
      this.#active.set(change, keyHash(change.key, this.#parts.hashSeed))
    }
    this.#position = position
  }

  flush(done: (durable: TablePosition) => void, prepare: () => void = () => {}): void {
    this.#waiting.push({ done, prepare })
    if (this.#waiting.length === 1) this.#enqueue((finished) => this.#flushNow(finished))
  }

  freeze(): FrozenTable {
    this.#takeView()
    const position = this.#position
    const { database } = this.#parts
    const transaction = database.useReadTransaction()
    const stored = new StoredRows(database, this.#group, this.#meta.generation, transaction)
    const overlays = [this.#active.freeze()]
    if (this.#flushing !== undefined) overlays.push(this.#flushing.freeze())
    let isClosed = false
    return {
      position,
      scan: (from, to) => {
        assert(!isClosed, 'a view is read before it is closed')
        return mergedRows(overlays, (start, end) => stored.scan(start, end), from, to)
      },
      close: () => {
        if (isClosed) return
        isClosed = true
        for (const overlay of overlays) overlay.close()
        transaction.done()
        this.#views--
      },
    }
  }

  openSnapshot(): TableSnapshot {
    this.#takeView()
    const { database, chunkBytes, abort } = this.#parts
    const transaction = database.useReadTransaction()
    // A flush may have become durable that we have not heard of: what the transaction sees is what counts.
    const found = database.get(metaKey(this.#group), { transaction })
    const { position, generation } = found === undefined ? this.#meta : decodeMeta(found)
    const rows = new StoredRows(database, this.#group, generation, transaction)
    return new LmdbSnapshot({ position, rows, transaction, chunkBytes, abort, onClose: () => this.#views-- })
  }

  receiveSnapshot(position: TablePosition): SnapshotReceiver {
    this.#receiver?.discard()
    const generation = this.#meta.nextGeneration
    // Durable with the first chunk: if the snapshot never ends, its rows are known to be garbage.
    this.#meta = {
      ...this.#meta,
      nextGeneration: generation + 1,
      garbage: [...this.#meta.garbage, generation],
    }
    const receiver = new LmdbReceiver(generation, {
      store: (rows, done) => this.#storeChunk(generation, rows, done),
      install: (done) => this.#enqueue((finished) => this.#install(position, generation, finished, done)),
      discarded: () => this.#removeGarbage(),
    })
    this.#receiver = receiver
    return receiver
  }

  /** Calls back when nothing is being written any more; nothing may be asked for afterwards. */
  close(done: () => void): void {
    this.#isClosed = true
    if (!this.#isBusy) done()
    else this.#onIdle = done
  }

  #flushNow(finished: () => void): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const { prepare } of waiting) prepare()
    const position = this.#position
    const end = (): void => {
      for (const { done } of waiting) done(this.#meta.position)
      finished()
    }
    if (position === this.#meta.position && this.#active.isEmpty) return end()
    const flushing = this.#active
    this.#flushing = flushing
    this.#active = new Overlay(this.#pool, flushing)
    this.#commit(
      this.#meta.generation,
      flushing.packed(),
      (meta) => ({ ...meta, position }),
      () => {
        this.#warm?.release()
        this.#warm = flushing
        this.#flushing = undefined
        // Nothing was written meanwhile, so perhaps nothing will be for long.
        if (this.#active.isEmpty) this.#pool.clear()
        end()
      },
    )
  }

  /** `change` is applied again once it is durable: a snapshot may have begun to arrive meanwhile. */
  #commit(
    generation: number,
    rows: readonly PackedRows[],
    change: (meta: TableMeta) => TableMeta,
    done: () => void,
  ): void {
    const { writer, database } = this.#parts
    const prefix = rowPrefix(this.#group, generation)
    writer.commit(prefix, rows, metaKey(this.#group), encodeMeta(change(this.#meta)), () => {
      this.#meta = change(this.#meta)
      // From here on our own reads must see it.
      database.resetReadTxn()
      done()
    })
  }

  #storeChunk(generation: number, rows: readonly Row[], done: () => void): void {
    this.#enqueue((finished) => {
      const arena = new RowArena(this.#receivingPool)
      for (const { key, value } of rows) arena.append(key, value)
      this.#commit(
        generation,
        arena.packed(),
        (meta) => meta,
        () => {
          arena.release()
          finished()
          done()
        },
      )
    })
  }

  #install(
    position: TablePosition,
    generation: number,
    finished: () => void,
    done: (error: Error | undefined) => void,
  ): void {
    const old = this.#meta.generation
    const swap = (meta: TableMeta): TableMeta => ({
      ...meta,
      position,
      generation,
      garbage: [...meta.garbage.filter((candidate) => candidate !== generation), old],
    })
    this.#commit(generation, [], swap, () => {
      this.#stored = new StoredRows(this.#parts.database, this.#group, generation)
      this.#position = position
      this.#active = new Overlay(this.#pool)
      this.#warm = undefined
      finished()
      done(undefined)
      this.#removeGarbage()
    })
  }

  /** Some rows at a time, and only while nothing else is to be written. */
  #removeGarbage(): void {
    if (this.#isBusy || this.#isClosed || this.#jobs.length > 0) return
    const arriving = this.#receiver?.isOpen === true ? this.#receiver.generation : undefined
    const generation = this.#meta.garbage.find((candidate) => candidate !== arriving)
    if (generation === undefined) return
    this.#enqueue((finished) => {
      const from = rowPrefix(this.#group, generation)
      this.#parts.writer.removeRange(
        from,
        afterGeneration(this.#group, generation),
        REMOVED_ROWS_MAX,
        (removed) => {
          if (removed === REMOVED_ROWS_MAX) return finished()
          const forget = (meta: TableMeta): TableMeta => ({
            ...meta,
            garbage: meta.garbage.filter((candidate) => candidate !== generation),
          })
          this.#commit(generation, [], forget, finished)
        },
      )
    })
  }

  #enqueue(job: (finished: () => void) => void): void {
    assert(!this.#isClosed, 'nothing is asked of a table that was closed')
    this.#jobs.push(job)
    if (!this.#isBusy) this.#next()
  }

  #next(): void {
    const job = this.#jobs.shift()
    this.#isBusy = job !== undefined
    if (job !== undefined) {
      // Never within the call that asked for it.
      setImmediate(() => job(() => this.#next()))
      return
    }
    this.#onIdle?.()
    this.#removeGarbage()
  }

  #takeView(): void {
    if (this.#views >= this.#parts.viewsMax) {
      throw new DureError(
        'overloaded',
        `${this.#views} views of the table of group ${this.#group} are open, as many as may be: finish or close some range reads`,
        { retryable: true },
      )
    }
    this.#views++
  }
}

interface ReceiverParts {
  readonly store: (rows: readonly Row[], done: () => void) => void
  readonly install: (done: (error: Error | undefined) => void) => void
  readonly discarded: () => void
}

class LmdbReceiver implements SnapshotReceiver {
  readonly generation: number
  readonly #parts: ReceiverParts
  #nextChunk = 0
  #isOpen = true

  constructor(generation: number, parts: ReceiverParts) {
    this.generation = generation
    this.#parts = parts
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  write(chunk: number, bytes: Uint8Array, done: (error: Error | undefined) => void): void {
    const refuse = (error: Error): void => void setImmediate(() => done(error))
    if (!this.#isOpen) return refuse(discarded())
    if (chunk !== this.#nextChunk) {
      return refuse(
        new DureError(
          'invalid',
          `chunk ${chunk} of a snapshot was offered, ${this.#nextChunk} is the next: send that`,
        ),
      )
    }
    let rows: Row[]
    try {
      rows = decodeChunk(bytes)
    } catch (error) {
      return refuse(error as Error)
    }
    this.#nextChunk++
    this.#parts.store(rows, () => done(this.#isOpen ? undefined : discarded()))
  }

  install(done: (error: Error | undefined) => void): void {
    if (!this.#isOpen) return void setImmediate(() => done(discarded()))
    this.#isOpen = false
    this.#parts.install(done)
  }

  discard(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#parts.discarded()
  }
}

const discarded = (): DureError =>
  new DureError('invalid', 'this snapshot was discarded or installed already: nothing more of it is taken')
