/** How one column is headed and where its cells stand. */
export interface Column {
  readonly title: string
  readonly align: 'left' | 'right'
}

/**
 * A table as Markdown, padded so that it reads well in a terminal too.
 *
 * ```ts
 * formatTable([{ title: 'in flight', align: 'right' }], [['256']])
 * ```
 */
export function formatTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  for (const row of rows) {
    if (row.length !== columns.length) {
      throw new RangeError(`a row of ${row.length} cells in a table of ${columns.length} columns`)
    }
  }
  const widths = columns.map(({ title }, column) =>
    Math.max(3, title.length, ...rows.map((row) => row[column]!.length)),
  )
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => pad(cell, widths[column]!, columns[column]!.align)).join(' | ')} |`
  const rule = columns.map(({ align }, column) => {
    const dashes = '-'.repeat(widths[column]! - 1)
    return align === 'right' ? `${dashes}:` : `-${dashes}`
  })
  return [line(columns.map(({ title }) => title)), line(rule), ...rows.map(line)].join('\n')
}

const pad = (cell: string, width: number, align: Column['align']): string =>
  align === 'right' ? cell.padStart(width) : cell.padEnd(width)

/** Three significant digits below 1,000; above, whole with separators: `0.0732`, `9.48`, `15,157`. */
export function formatNumber(value: number): string {
  if (value === 0) return '0'
  if (Math.abs(value) < 999.5) return String(Number(value.toPrecision(3)))
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',')
}
