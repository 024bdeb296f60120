import type { GroupId } from '../../../foundation/ids.ts'
import type { Row, TablePosition } from '../table.ts'

export interface DurableTable {
  readonly position: TablePosition
  /** By `rowName`. Never changed in place: a flush puts another one here. */
  readonly rows: ReadonlyMap<string, Row>
}

/**
 * What a simulated machine's tables hold on their disk: it outlives a crash of the process. One per machine, given to
 * every incarnation.
 */
export class DurableTables {
  readonly #tables = new Map<GroupId, DurableTable>()

  get(group: GroupId): DurableTable | undefined {
    return this.#tables.get(group)
  }

  set(group: GroupId, table: DurableTable): void {
    this.#tables.set(group, table)
  }

  /** The machine was replaced. */
  wipe(): void {
    this.#tables.clear()
  }
}
