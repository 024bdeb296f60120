import { assert } from '../../../foundation/assert.ts'
import { encodeChunk } from '../../snapshot/chunk-codec.ts'
import type { Row, TablePosition, TableSnapshot } from '../table.ts'
import type { ReadTransaction, StoredRows } from './stored-rows.ts'

const START = new Uint8Array(0)

/** Sends the durable rows, chunk by chunk, out of one read transaction. Remembers where chunks begin. */
export class LmdbSnapshot implements TableSnapshot {
  readonly position: TablePosition
  readonly #rows: StoredRows
  readonly #transaction: ReadTransaction
  readonly #chunkBytes: number
  readonly #onClose: () => void
  readonly #abort: (reason: Error) => void
  /** The first key of each chunk that is known. */
  readonly #starts: Uint8Array[] = [START]
  #isEndKnown = false
  #isClosed = false

  constructor(parts: {
    readonly position: TablePosition
    readonly rows: StoredRows
    readonly transaction: ReadTransaction
    readonly chunkBytes: number
    readonly onClose: () => void
    readonly abort: (reason: Error) => void
  }) {
    this.position = parts.position
    this.#rows = parts.rows
    this.#transaction = parts.transaction
    this.#chunkBytes = parts.chunkBytes
    this.#onClose = parts.onClose
    this.#abort = parts.abort
  }

  read(chunk: number, done: (bytes: Uint8Array, last: boolean) => void): void {
    setImmediate(() => {
      if (this.#isClosed) return
      if (chunk < this.#starts.length || this.#isEndKnown) return this.#readKnown(chunk, done)
      // Never asked for what comes before it: find where it begins, a chunk in each turn.
      this.read(this.#starts.length - 1, () => this.read(chunk, done))
    })
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#transaction.done()
    this.#onClose()
  }

  #readKnown(chunk: number, done: (bytes: Uint8Array, last: boolean) => void): void {
    const start = this.#starts[chunk]
    assert(start !== undefined, 'a chunk that is asked for exists')
    let rows: Row[]
    try {
      rows = this.#take(start, chunk)
    } catch (error) {
      this.#abort(error as Error)
      return
    }
    done(encodeChunk(rows), this.#isEndKnown && chunk === this.#starts.length - 1)
  }

  #take(start: Uint8Array, chunk: number): Row[] {
    const rows: Row[] = []
    let bytes = 0
    for (const row of this.#rows.scan(start, undefined)) {
      if (bytes >= this.#chunkBytes) {
        if (chunk + 1 === this.#starts.length) this.#starts.push(row.key)
        return rows
      }
      rows.push(row)
      bytes += row.key.length + row.value.length
    }
    this.#isEndKnown = true
    return rows
  }
}
