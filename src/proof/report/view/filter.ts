import type { OperationColumns } from './packed-history.ts'

/** What the table shows; what is undefined or empty does not matter. */
export interface OperationFilter {
  /** Of processes: `3`, or several, `3, 17`. */
  readonly process?: string
  /** A place in `functions`. */
  readonly f?: number
  readonly outcome?: number
  /** Part of a key's text. */
  readonly key?: string
  /** Part of a value, an answer or an error. */
  readonly text?: string
  readonly isAnomalous?: boolean
  /** Open at some moment of this time. */
  readonly from?: number
  readonly to?: number
}

export interface FilteredTexts {
  readonly texts: readonly string[]
  readonly processes: readonly string[]
}

/** The rows that are left, in the order of the history. Texts are looked at once, however often they occur. */
export function filterRows(
  columns: OperationColumns,
  { texts, processes }: FilteredTexts,
  filter: OperationFilter,
): Int32Array {
  const keys = matching(texts, filter.key)
  const parts = matching(texts, filter.text)
  const who = chosen(processes, filter.process)
  const { f, outcome, from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = filter
  const rows = new Int32Array(columns.size)
  let count = 0
  for (let row = 0; row < columns.size; row++) {
    if (f !== undefined && columns.f[row] !== f) continue
    if (outcome !== undefined && columns.outcome[row] !== outcome) continue
    if (filter.isAnomalous === true && columns.isAnomalous[row] === 0) continue
    if (columns.to[row]! < from || columns.from[row]! > to) continue
    if (who !== undefined && !who.has(columns.process[row]!)) continue
    if (keys !== undefined && keys[columns.key[row]!] === 0) continue
    if (
      parts !== undefined &&
      (parts[columns.value[row]!]! | parts[columns.answer[row]!]! | parts[columns.error[row]!]!) === 0
    )
      continue
    rows[count++] = row
  }
  return rows.subarray(0, count)
}

/** By text plus one: 1 where it has the part in it; undefined when none is asked for. */
function matching(texts: readonly string[], part = ''): Uint8Array | undefined {
  const wanted = part.trim().toLowerCase()
  if (wanted === '') return undefined
  const found = new Uint8Array(texts.length + 1)
  for (let i = 0; i < texts.length; i++) if (texts[i]!.toLowerCase().includes(wanted)) found[i + 1] = 1
  return found
}

function chosen(processes: readonly string[], named = ''): Set<number> | undefined {
  const names = named.split(/[\s,]+/).filter((name) => name !== '')
  if (names.length === 0) return undefined
  return new Set(names.map((name) => processes.indexOf(name)))
}

export type SortColumn = 'call' | 'duration' | 'process'

export function sortRows(
  columns: OperationColumns,
  rows: Int32Array,
  by: SortColumn,
  isDescending: boolean,
): Int32Array {
  const of = {
    call: (row: number) => columns.call[row]!,
    duration: (row: number) => columns.to[row]! - columns.from[row]!,
    process: (row: number) => columns.process[row]!,
  }[by]
  const direction = isDescending ? -1 : 1
  return Int32Array.from(rows).sort((a, b) => direction * (of(a) - of(b)) || a - b)
}
