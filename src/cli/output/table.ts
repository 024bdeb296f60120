import { displayWidth, type Style, type Tone } from './style.ts'

export interface Column {
  readonly title: string
  readonly align: 'left' | 'right'
}

/** One place of a table: its text, and how it is coloured. */
export interface Cell {
  readonly text: string
  readonly tone?: Tone
}

/**
 * A table in plain text: a quiet head, columns two spaces apart, numbers to the right.
 *
 * ```ts
 * renderTable([{ title: 'NODE', align: 'left' }], [[{ text: '1' }]], style)
 * ```
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  style: Style,
): string {
  const widths = columns.map(({ title }, i) =>
    Math.max(displayWidth(title), ...rows.map((row) => displayWidth(row[i]?.text ?? ''))),
  )
  const styled: Style = (tone, text) => (text === '' ? '' : style(tone, text))
  const line = (cells: readonly Cell[]) =>
    cells
      .map(({ text, tone = 'plain' }, i) => {
        const padding = ' '.repeat(widths[i]! - displayWidth(text))
        const isLast = i === cells.length - 1
        if (columns[i]!.align === 'right') return padding + styled(tone, text)
        return styled(tone, text) + (isLast ? '' : padding)
      })
      .join('  ')
      .trimEnd()
  const head = line(columns.map(({ title }) => ({ text: title, tone: 'quiet' })))
  return [head, ...rows.map(line)].map((text) => `${text}\n`).join('')
}
