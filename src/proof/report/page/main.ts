import { rowOfEvent } from '../view/packed-history.ts'
import { formatTime } from '../view/scale.ts'
import { listenToChart, listenToOverview } from './gestures.ts'
import { listenToKeys } from './keyboard.ts'
import { LatencyChart } from './latency-chart.ts'
import { loadHistory } from './load-history.ts'
import { operationCard } from './operation-card.ts'
import { OperationsTable } from './operations-table.ts'
import { OverviewChart } from './overview-chart.ts'
import { RateChart } from './rate-chart.ts'
import { type Run, runOf } from './run.ts'
import { Surface } from './surface.ts'
import { listenToTheme } from './theme.ts'
import { TimelineChart } from './timeline-chart.ts'
import { View } from './view.ts'

interface Chart {
  readonly surface: Surface
  draw(): void
  drawPointer(): void
}

/** An operation that is shown for itself takes so much of the width. */
const OPERATION_SHARE = 1 / 12
/** All operations of an anomaly are shown together, if each still has so much of the width. */
const OPERATION_SHARE_MIN = 1 / 400

async function start(): Promise<void> {
  const run = runOf(await loadHistory(document.querySelector('#history')!.textContent!))
  const view = new View(run.whole)
  document.documentElement.classList.add('ready')

  const timeline = new TimelineChart(new Surface(box('timeline')!, view), run, view)
  const charts: Chart[] = [new OverviewChart(new Surface(box('overview')!, view), run, view), timeline]
  listenToOverview(charts[0]!.surface, view)
  listenToChart(timeline.surface, view, {
    rowAt: (x, y) => timeline.rowAt(x, y),
    onHover: (row, event) => showTip(run, row, event),
  })
  for (const [id, Kind] of [
    ['latency', LatencyChart],
    ['rate', RateChart],
  ] as const) {
    const found = box(id)
    if (found === null) continue
    const chart = new Kind(new Surface(found, view), run, view)
    listenToChart(chart.surface, view, { rowAt: () => -1 })
    charts.push(chart)
  }
  view.onRange(() => {
    for (const chart of charts) chart.draw()
    const { from, to } = view.range
    const step = (to - from) / 1_000
    document.querySelector('#range')!.textContent = view.isWhole
      ? ''
      : `${formatTime(Math.max(0, from), step)} to ${formatTime(to, step)}`
  })
  view.onPointer(() => {
    for (const chart of charts) chart.drawPointer()
  })
  view.onSelect((row) => showOperation(run, row))

  const table = new OperationsTable(run, view)
  listenToButtons(view)
  listenToLinks(run, view, table)
  listenToKeys(timeline.surface.canvas, {
    run,
    view,
    reveal: (row) => table.reveal(row),
    bringIntoView: (row) => bringIntoView(run, view, row),
  })
  listenToTheme({ redraw: () => view.redraw(), redrawNow: () => view.redrawNow() })
  new ResizeObserver(() => view.redraw()).observe(document.querySelector('.page')!)
  // Once all is drawn, and as high as it will be.
  requestAnimationFrame(() => followHash(run, view, 'instant'))
}

const box = (id: string): HTMLElement | null => document.querySelector<HTMLElement>(`#${id}`)

function listenToButtons(view: View): void {
  box('zoom-in')!.addEventListener('click', () => view.zoom(0.5))
  box('zoom-out')!.addEventListener('click', () => view.zoom(2))
  box('zoom-all')!.addEventListener('click', () => view.show(view.whole))
  for (const button of document.querySelectorAll<HTMLButtonElement>('[data-copy]')) {
    button.addEventListener('click', () => {
      void navigator.clipboard.writeText(button.dataset.copy!).then(
        () => (button.textContent = 'Copied'),
        () => (button.textContent = 'Select it'),
      )
    })
  }
}

/** Links to operations work again when they are the address already. */
function listenToLinks(run: Run, view: View, table: OperationsTable): void {
  addEventListener('hashchange', () => followHash(run, view))
  document.addEventListener('click', (event) => {
    const link = (event.target as Element).closest('a')
    if (link === null) return
    const href = link.getAttribute('href') ?? ''
    if (link.dataset.row !== undefined) {
      event.preventDefault()
      table.reveal(rowOfEvent(run.columns, Number(link.dataset.row)))
    } else if (href.startsWith('#op-') && href === location.hash) {
      event.preventDefault()
      followHash(run, view)
    }
  })
}

/** `#op-123` is the operation that was called at event 123, or ended there. */
function followHash(run: Run, view: View, behavior: ScrollBehavior = 'auto'): void {
  const named = /^#op-(\d+)$/.exec(location.hash)
  if (named === null) return
  const row = rowOfEvent(run.columns, Number(named[1]))
  if (row < 0) return
  showAround(run, view, row)
  view.select(row)
  document.querySelector('#time')!.scrollIntoView({ block: 'start', behavior })
  box('timeline')!.querySelector('canvas')!.focus({ preventScroll: true })
}

/** With the other operations of its anomaly where they are not too far. */
function showAround({ columns, packed }: Run, view: View, row: number): void {
  const call = columns.call[row]!
  const others = packed.anomalies.find(({ calls }) => calls.includes(call))?.calls ?? [call]
  const rows = others.map((each) => rowOfEvent(columns, each))
  const from = rows.reduce((least, each) => Math.min(least, columns.from[each]!), columns.from[row]!)
  const to = rows.reduce((most, each) => Math.max(most, columns.to[each]!), columns.to[row]!)
  const length = Math.max(100, columns.to[row]! - columns.from[row]!)
  const isTogether = length / (to - from) >= OPERATION_SHARE_MIN
  const span = Math.max(isTogether ? 1.3 * (to - from) : 0, length / OPERATION_SHARE)
  const middle = isTogether ? (from + to) / 2 : (columns.from[row]! + columns.to[row]!) / 2
  view.show({ from: middle - span / 2, to: middle + span / 2 })
}

/** Moves what is shown as little as is needed. */
function bringIntoView({ columns }: Run, view: View, row: number): void {
  const { from, to } = view.range
  const [begin, end] = [columns.from[row]!, columns.to[row]!]
  if (begin >= from && end <= to) return
  const air = (to - from) * 0.1
  const by = begin < from ? begin - from - air : Math.min(begin - from - air, end - to + air)
  view.show({ from: from + by, to: to + by })
}

function showOperation(run: Run, row: number): void {
  const aside = box('operation')!
  aside.hidden = row < 0
  if (row >= 0) aside.replaceChildren(operationCard(run, row, 'whole'))
}

function showTip(run: Run, row: number, event: PointerEvent | undefined): void {
  const tip = box('tip')!
  tip.hidden = row < 0 || event === undefined
  if (row < 0 || event === undefined) return
  tip.replaceChildren(operationCard(run, row, 'tip'))
  const { width, height } = tip.getBoundingClientRect()
  const left = Math.max(8, Math.min(innerWidth - width - 8, event.clientX + 16))
  const below = event.clientY + 20
  tip.style.left = `${left}px`
  tip.style.top = `${below + height > innerHeight ? event.clientY - height - 16 : below}px`
}

void start()
