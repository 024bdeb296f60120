import type { Run } from './run.ts'
import type { View } from './view.ts'

/** The timeline without a mouse: from operation to operation, from row to row, nearer and farther. */
export function listenToKeys(
  canvas: HTMLCanvasElement,
  { run, view, reveal, bringIntoView }: KeyboardOptions,
): void {
  canvas.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const act = actions[event.key]
    if (act === undefined) return
    event.preventDefault()
    act()
  })

  const go = (row: number): void => {
    if (row < 0) return
    view.select(row)
    bringIntoView(row)
  }
  const actions: Readonly<Record<string, (() => void) | undefined>> = {
    ArrowRight: () => go(neighbour(run, view, 1)),
    ArrowLeft: () => go(neighbour(run, view, -1)),
    ArrowDown: () => go(inLane(run, view, 1)),
    ArrowUp: () => go(inLane(run, view, -1)),
    '+': () => view.zoom(0.5, centerOf(run, view)),
    '=': () => view.zoom(0.5, centerOf(run, view)),
    '-': () => view.zoom(2, centerOf(run, view)),
    '0': () => view.show(view.whole),
    Enter: () => {
      if (view.selected >= 0) reveal(view.selected)
    },
    Escape: () => view.select(-1),
  }
}

export interface KeyboardOptions {
  readonly run: Run
  readonly view: View
  /** In the table. */
  readonly reveal: (row: number) => void
  readonly bringIntoView: (row: number) => void
}

function laneOf({ lanes, columns }: Run, row: number): number {
  return lanes.laneOf[columns.process[row]!]!
}

/** The next one in the row, or the first that is shown where none is selected. */
function neighbour(run: Run, view: View, step: number): number {
  if (view.selected < 0) return nearest(run, run.lanes.rows[0], view.range.from)
  const rows = run.lanes.rows[laneOf(run, view.selected)]!
  return rows[rows.indexOf(view.selected) + step] ?? -1
}

function inLane(run: Run, view: View, step: number): number {
  if (view.selected < 0) return nearest(run, run.lanes.rows[0], view.range.from)
  const lane = run.lanes.rows[laneOf(run, view.selected) + step]
  return nearest(run, lane, run.columns.from[view.selected]!)
}

/** The first of a row that is open at a time or comes after it, else the last. */
function nearest({ columns }: Run, rows: Int32Array | undefined, time: number): number {
  if (rows === undefined) return -1
  return rows.find((row) => columns.to[row]! >= time) ?? rows.at(-1) ?? -1
}

function centerOf({ columns }: Run, { selected, range }: View): number {
  return selected < 0 ? (range.from + range.to) / 2 : columns.from[selected]!
}
