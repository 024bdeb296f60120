import { type Lanes, lanesOf } from '../view/lanes.ts'
import { type OperationColumns, type PackedHistory, unpackColumns } from '../view/packed-history.ts'
import type { TimeRange } from '../view/scale.ts'

/** The run that the page shows. */
export interface Run {
  readonly packed: PackedHistory
  readonly columns: OperationColumns
  readonly lanes: Lanes
  /** By function. */
  readonly rowsOf: readonly Int32Array[]
  readonly whole: TimeRange
}

export function runOf(packed: PackedHistory): Run {
  const columns = unpackColumns(packed)
  let to = packed.faults.reduce((most, { end }) => Math.max(most, end), 1_000)
  for (let row = 0; row < columns.size; row++) to = Math.max(to, columns.to[row]!)
  const rows: number[][] = packed.functions.map(() => [])
  for (let row = 0; row < columns.size; row++) rows[columns.f[row]!]!.push(row)
  return {
    packed,
    columns,
    lanes: lanesOf(columns),
    rowsOf: rows.map((each) => Int32Array.from(each)),
    // A little air, so that the last bar ends inside.
    whole: { from: -to / 200, to: to * 1.005 },
  }
}

/** A text of the run; empty for none. */
export function textOf({ packed }: Run, place: number): string {
  return place === 0 ? '' : packed.texts[place - 1]!
}

/** `read 4 → 17`, for a bar. */
export function labelOfRow(run: Run, row: number): string {
  const { columns, packed } = run
  const [key, value, answer] = [columns.key, columns.value, columns.answer].map((column) =>
    textOf(run, column[row]!),
  )
  const name = `${packed.functions[columns.f[row]!]}${key === '' ? '' : ` ${key}`}`
  const asked = value === 'nil' ? '' : ` ${value}`
  return answer === '' || answer === value ? name + asked : `${name}${asked} → ${answer}`
}
