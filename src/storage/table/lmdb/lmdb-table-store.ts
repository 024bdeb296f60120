import { assert } from '../../../foundation/assert.ts'
import type { GroupId } from '../../../foundation/ids.ts'
import { logIndex, term } from '../../../foundation/ids.ts'
import type { Membership } from '../../../protocols/raft/membership.ts'
import { NodeRandom } from '../../../runtime/node/node-random.ts'
import { CHUNK_BYTES } from '../../snapshot/chunk-codec.ts'
import type { Table, TableStore } from '../table.ts'
import { type Database, openEnvironment } from './environment.ts'
import { metaKey } from './key.ts'
import { LmdbTable } from './lmdb-table.ts'
import { decodeMeta, type TableMeta } from './table-meta.ts'
import { Writer } from './writer.ts'

export interface LmdbTablesOptions {
  /** Made when missing, and its name made durable. */
  readonly directory: string
  /** A failed write or sync is final. */
  readonly abort: (reason: Error) => void
  readonly chunkBytes?: number
  /** Views and snapshots of one table that may be open at a time; 256 unless said. */
  readonly viewsMax?: number
}

const VIEWS_MAX = 256

/**
 * Opens the tables of a node, all in one LMDB environment.
 *
 * ```ts
 * openLmdbTables({ directory: '/var/lib/dure/1/tables', abort }, (error, tables) => {
 *   if (tables === undefined) return refuse(error)
 *   const table = tables.open(group, membership)
 * })
 * ```
 *
 * Refuses with `data-directory` when a newer version wrote them, with `corrupt` when LMDB finds them damaged, with
 * `disk` when the disk does.
 */
export function openLmdbTables(
  options: LmdbTablesOptions,
  done: (error: Error | undefined, tables: TableStore | undefined) => void,
): void {
  setImmediate(() => {
    let database: Database
    try {
      database = openEnvironment(options.directory)
    } catch (error) {
      return done(error as Error, undefined)
    }
    done(undefined, new LmdbTableStore(database, options))
  })
}

class LmdbTableStore implements TableStore {
  readonly #database: Database
  readonly #options: LmdbTablesOptions
  readonly #writer: Writer
  readonly #tables = new Map<GroupId, LmdbTable>()
  readonly #hashSeed = new NodeRandom().integer(0, 0xffff_ffff)

  constructor(database: Database, options: LmdbTablesOptions) {
    this.#database = database
    this.#options = options
    const { directory, abort } = options
    this.#writer = new Writer({ directory }, abort)
  }

  open(group: GroupId, initial: Membership): Table {
    assert(!this.#tables.has(group), 'the table of a group is opened once')
    const { abort, chunkBytes = CHUNK_BYTES, viewsMax = VIEWS_MAX } = this.#options
    const table = new LmdbTable(group, this.#readMeta(group, initial), {
      database: this.#database,
      writer: this.#writer,
      abort,
      chunkBytes,
      viewsMax,
      hashSeed: this.#hashSeed,
    })
    this.#tables.set(group, table)
    return table
  }

  close(done: () => void): void {
    let open = this.#tables.size
    const finish = (): void => {
      this.#writer.close(() => void this.#database.close().then(done))
    }
    if (open === 0) return finish()
    for (const table of this.#tables.values()) table.close(() => --open === 0 && finish())
  }

  #readMeta(group: GroupId, initial: Membership): TableMeta {
    const found = this.#database.get(metaKey(group))
    if (found !== undefined) return decodeMeta(found)
    const position = { index: logIndex(0), term: term(0), membership: initial }
    return { position, generation: 1, nextGeneration: 2, garbage: [] }
  }
}
