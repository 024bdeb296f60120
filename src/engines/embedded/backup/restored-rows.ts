import type { Row } from '../../../storage/table/table.ts'
import { space } from '../state-machine/row.ts'

/**
 * What a restored cluster takes over from a backup, by the space of a row. What belongs to the old cluster's clients and
 * to its log stays behind: a session whose client goes on would take answers of another history for its own. An
 * idempotency key is no part of that: whoever chose it repeats the request wherever the data is, and its record is of the
 * same moment as the write it stands for, so without the record the write would happen twice.
 */
const taken: Readonly<Record<keyof typeof space, boolean>> = {
  time: true,
  session: false,
  idempotency: true,
  idempotencyExpiry: true,
  lease: true,
  leaseKey: true,
  expiry: true,
  // Without these rows the feed begins where the table stands: older cursors are answered `compacted`.
  change: false,
  changeStart: false,
  // The new cluster has members of its own.
  member: false,
  user: true,
}

const takenSpaces: ReadonlySet<number> = new Set(
  Object.entries(space).flatMap(([name, number]) => (taken[name as keyof typeof space] ? [number] : [])),
)

export const restoredRows = (rows: readonly Row[]): Row[] =>
  rows.filter(({ key }) => takenSpaces.has(key[0] ?? -1))
