import type { GroupId } from '../../../foundation/ids.ts'
import type { Row } from '../table.ts'
import type { Database } from './environment.ts'
import { afterGeneration, ROW_PREFIX_BYTES, rowPrefix, withPrefix } from './key.ts'
import { verifyRow } from './stored-row.ts'

export type ReadTransaction = ReturnType<Database['useReadTransaction']>

/**
 * The rows of one generation of one table as LMDB holds them, now or, with a transaction, at the time that began.
 * Bytes that are given out are copies: LMDB's own pages change under a reader.
 */
export class StoredRows {
  readonly prefix: Uint8Array
  readonly #database: Database
  readonly #end: Uint8Array
  readonly #transaction: { readonly transaction: ReadTransaction } | undefined

  constructor(database: Database, group: GroupId, generation: number, transaction?: ReadTransaction) {
    this.#database = database
    this.prefix = rowPrefix(group, generation)
    this.#end = afterGeneration(group, generation)
    this.#transaction = transaction === undefined ? undefined : { transaction }
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const storedKey = withPrefix(this.prefix, key)
    const stored = this.#database.get(storedKey, this.#transaction)
    return stored === undefined ? undefined : verifyRow(storedKey, stored)
  }

  *scan(from: Uint8Array, to: Uint8Array | undefined): Generator<Row> {
    const start = withPrefix(this.prefix, from)
    const end = to === undefined ? this.#end : withPrefix(this.prefix, to)
    for (const { key, value } of this.#database.getRange({ start, end, ...this.#transaction })) {
      const own = new Uint8Array(key.buffer, key.byteOffset + ROW_PREFIX_BYTES, key.length - ROW_PREFIX_BYTES)
      yield { key: own, value: verifyRow(key, value) }
    }
  }
}
