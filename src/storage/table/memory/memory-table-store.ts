import type { GroupId } from '../../../foundation/ids.ts'
import type { Membership } from '../../../protocols/raft/membership.ts'
import type { Runtime } from '../../../runtime/runtime.ts'
import type { Table, TableStore } from '../table.ts'
import type { DurableTables } from './durable-tables.ts'
import { MemoryTable } from './memory-table.ts'
import { noTableFaults, type TableFaults } from './table-faults.ts'

export interface MemoryTableOptions {
  readonly runtime: Runtime
  /** The machine's, kept across incarnations. */
  readonly durable: DurableTables
  readonly faults?: TableFaults
}

/**
 * Tables in memory, for simulations.
 *
 * ```ts
 * const durable = new DurableTables()
 * const tables = new MemoryTableStore({ runtime, durable })
 * ```
 */
export class MemoryTableStore implements TableStore {
  readonly #options: MemoryTableOptions

  constructor(options: MemoryTableOptions) {
    this.#options = options
  }

  open(group: GroupId, initial: Membership): Table {
    return new MemoryTable(group, initial, { faults: noTableFaults, ...this.#options })
  }

  close(done: () => void): void {
    done()
  }
}
