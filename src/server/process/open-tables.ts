import { join } from 'node:path'
import type { NodeOptions } from '../../engines/embedded/node-options.ts'
import type { NodeRuntime } from '../../runtime/node/node-runtime.ts'
import { openLmdbTables } from '../../storage/table/lmdb/lmdb-table-store.ts'

/** The tables of a node's process: one LMDB environment beside its log. */
export const openTablesIn =
  (runtime: NodeRuntime, directory: string): NodeOptions['openTables'] =>
  (done) =>
    openLmdbTables({ directory: join(directory, 'tables'), abort: (reason) => runtime.abort(reason) }, done)
