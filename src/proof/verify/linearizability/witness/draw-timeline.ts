import type { Timeline, TimelineBar } from './timeline.ts'

/** Of a terminal of 80 columns, two are left beside a picture. */
export const COLUMNS_MAX = 78
/** Of a bar's text when it stands beside the bars. */
const TEXT_COLUMNS_MAX = 36

/**
 * ```text
 * process 1  ├─ write 1 ─┤  ├─ write 2 ─┤
 * process 2                               ┣━ read → 1 ━┫ ✗
 *            0           1  2           3 4            5
 * ```
 *
 * Each bar goes from call to return, with the numbers of the events below; the heavy one has no place. What is too wide
 * for that gets a row for each operation, and what is too much even then is left out from the beginning.
 */
export function drawTimeline(timeline: Timeline, columnsMax = COLUMNS_MAX): string {
  return pictureOf(timeline, columnsMax).lines.join('\n')
}

/** A drawing, and how many operations are left out of it. */
export interface Picture {
  readonly lines: readonly string[]
  readonly hidden: number
}

export function pictureOf(timeline: Timeline, columnsMax = COLUMNS_MAX): Picture {
  const whole = drawByProcess(timeline)
  return widthOf(whole) <= columnsMax ? { lines: whole, hidden: 0 } : drawByOperation(timeline, columnsMax)
}

const widthOf = (lines: readonly string[]): number => Math.max(0, ...lines.map((line) => line.length))

/** A row for each process, with the texts in the bars. */
function drawByProcess({ events, rows }: Timeline): string[] {
  const bars = rows.flatMap((row) => row.bars)
  const endingAt = new Map(bars.map((bar) => [bar.to, bar]))
  const gap = String(events.at(-1) ?? 0).length + 1
  const columns: number[] = []
  for (let event = 0; event < events.length; event++) {
    const bar = endingAt.get(event)
    const before = event === 0 ? 0 : columns[event - 1]! + gap
    columns.push(bar === undefined ? before : Math.max(before, columns[bar.from]! + bar.text.length + 5))
  }
  const margin = Math.max(...rows.map(({ process }) => `process ${process}`.length)) + 2
  const lines = rows.map(({ process, bars: ofProcess }) => {
    let line = `process ${process}`.padEnd(margin)
    for (const bar of ofProcess)
      line = line.padEnd(margin + columns[bar.from]!) + drawBar(bar, columns, ` ${bar.text} `)
    return line
  })
  return [...lines, drawAxis(events, columns, margin)]
}

/** A row for each operation, with the texts before the bars. */
function drawByOperation(timeline: Timeline, columnsMax: number): Picture {
  const all = timeline.rows
    .flatMap(({ process, bars }) => bars.map((bar) => ({ bar, process })))
    .sort((left, right) => left.bar.from - right.bar.from)
  const textColumns = Math.min(TEXT_COLUMNS_MAX, Math.max(...all.map(({ bar }) => bar.text.length)))
  const processColumns = Math.max(...all.map(({ process }) => `process ${process}`.length))
  const margin = processColumns + textColumns + 4
  // A bar needs two columns and the blocked one three more for its mark.
  const room = columnsMax - margin - 3
  const shown = all.slice(-Math.max(1, room >> 1))
  const places = [...new Set(shown.flatMap(({ bar }) => [bar.from, bar.to]))].sort(
    (left, right) => left - right,
  )
  const digits = String(timeline.events.at(-1) ?? 0).length
  const gap = Math.max(1, Math.min(digits + 1, Math.floor(room / places.length)))
  const columns: number[] = []
  for (const [i, place] of places.entries()) columns[place] = i * gap
  const lines = shown.map(({ bar, process }) => {
    const text = bar.text.length <= textColumns ? bar.text : `${bar.text.slice(0, textColumns - 1)}…`
    const head = `${`process ${process}`.padEnd(processColumns)}  ${text.padEnd(textColumns)}`
    return head.padEnd(margin + columns[bar.from]!) + drawBar(bar, columns, '')
  })
  const hidden = all.length - shown.length
  const axis = drawAxis(timeline.events, columns, margin)
  const above = hidden === 0 ? [] : [`… ${hidden} earlier ones, not drawn`]
  return { lines: [...above, ...lines, axis], hidden }
}

function drawBar(bar: TimelineBar, columns: readonly number[], label: string): string {
  const [from, line, to] = bar.isBlocked ? ['┣', '━', '┫ ✗'] : ['├', '─', '┤']
  const room = columns[bar.to]! - columns[bar.from]! - 1
  const left = (room - label.length) >> 1
  return `${from}${line.repeat(left)}${label}${line.repeat(room - left - label.length)}${to}`
}

/** The number of each event below its column, where there is room for it. */
function drawAxis(
  events: readonly number[],
  columns: readonly (number | undefined)[],
  margin: number,
): string {
  let axis = ''
  for (let place = 0; place < events.length; place++) {
    const column = columns[place]
    if (column === undefined || (axis !== '' && axis.length >= margin + column)) continue
    axis = axis.padEnd(margin + column) + String(events[place])
  }
  return axis
}
