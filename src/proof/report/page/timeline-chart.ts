import { FAILED, OK, UNKNOWN } from '../view/packed-history.ts'
import { palette } from './palette.ts'
import { labelOfRow, type Run } from './run.ts'
import { MONO, SANS, type Surface } from './surface.ts'
import type { View } from './view.ts'

const FAULT_ROW = 20
const AXIS = 24
const HEIGHT_MAX = 560
const ROW_MAX = 30
const ROW_MIN = 9
/** A pixel column that holds several operations shows the one that matters most. */
const EMPTY = 255
const importance = [1, 2, 3, 4] as const
const ANOMALOUS = 3
const CHARACTER = 6.7

/** A row for each client, a bar for each operation from its call to its end, faults above. */
export class TimelineChart {
  readonly surface: Surface
  readonly #run: Run
  readonly #view: View
  readonly #kinds: readonly string[]
  #columns = new Uint8Array(0)
  #coverage = new Float32Array(0)

  constructor(surface: Surface, run: Run, view: View) {
    this.surface = surface
    this.#run = run
    this.#view = view
    this.#kinds = [...new Set(run.packed.faults.map(({ kind }) => kind))]
  }

  get #top(): number {
    return this.#kinds.length * FAULT_ROW + AXIS + (this.#kinds.length > 0 ? 6 : 0)
  }
  get #rowHeight(): number {
    const rows = Math.max(1, this.#run.lanes.rows.length)
    return Math.max(ROW_MIN, Math.min(ROW_MAX, Math.floor((HEIGHT_MAX - this.#top) / rows)))
  }
  /** Of a bar; the rest of its row is air. */
  get #barHeight(): number {
    return Math.max(5, Math.round(this.#rowHeight * 0.68))
  }

  draw(): void {
    const { surface } = this
    const lanes = this.#run.lanes.rows.length
    const height = this.#top + lanes * this.#rowHeight + 6
    const context = surface.begin(height)
    surface.faultBands(this.#run, 0, height)
    surface.timeAxis(this.#top - 9, this.#top - 4, height)
    this.#faultRows(context)
    this.#labels(context)
    context.save()
    surface.clipToTime(context)
    for (let lane = 0; lane < lanes; lane++) this.#lane(context, lane)
    context.restore()
  }

  drawPointer(): void {
    const context = this.surface.beginAbove()
    this.surface.pointer(context)
    context.save()
    this.surface.clipToTime(context)
    for (const [row, width, air] of [
      [this.#view.hovered, 1.5, 1.5],
      [this.#view.selected, 2, 4],
    ] as const) {
      if (row < 0) continue
      const { x, y, width: long, height } = this.#boxOf(row)
      context.strokeStyle = palette().ink
      context.lineWidth = width
      context.strokeRect(x - air, y - air, Math.max(3, long) + 2 * air, height + 2 * air)
    }
    context.restore()
  }

  laneAt(y: number): number {
    const lane = Math.floor((y - this.#top) / this.#rowHeight)
    return lane >= 0 && lane < this.#run.lanes.rows.length ? lane : -1
  }

  /** The operation at a place, or the nearest within a few pixels; -1 for none. */
  rowAt(x: number, y: number): number {
    const lane = this.laneAt(y)
    if (lane < 0 || x < this.surface.left) return -1
    const rows = this.#run.lanes.rows[lane]!
    const { from, to } = this.#run.columns
    const time = this.surface.timeOf(x)
    const reach = this.surface.timeOf(x + 5) - time
    const place = this.#firstEndingAt(rows, time - reach)
    let best = -1
    let least = reach
    for (let i = place; i < rows.length && from[rows[i]!]! <= time + reach; i++) {
      const row = rows[i]!
      const distance = Math.max(from[row]! - time, time - to[row]!, 0)
      if (distance > least || (best >= 0 && distance === least)) continue
      best = row
      least = distance
    }
    return best
  }

  #boxOf(row: number): { x: number; y: number; width: number; height: number } {
    const { columns, lanes } = this.#run
    const lane = lanes.laneOf[columns.process[row]!]!
    const x = this.surface.xOf(columns.from[row]!)
    const height = this.#barHeight
    const y = this.#top + lane * this.#rowHeight + (this.#rowHeight - height) / 2
    return { x, y, width: this.surface.xOf(columns.to[row]!) - x, height }
  }

  #faultRows(context: CanvasRenderingContext2D): void {
    const { surface } = this
    const { range } = this.#view
    for (const [i, kind] of this.#kinds.entries()) {
      const y = 4 + i * FAULT_ROW
      context.font = `12px ${SANS}`
      context.fillStyle = palette().soft
      context.fillText(kind, 12, y + 13)
      context.save()
      surface.clipToTime(context)
      for (const fault of this.#run.packed.faults) {
        if (fault.kind !== kind || fault.end < range.from || fault.begin > range.to) continue
        const x = Math.max(surface.left, surface.xOf(fault.begin))
        const width = Math.max(2, surface.xOf(fault.end) - x)
        context.globalAlpha = 0.3
        context.fillStyle = palette().fault
        context.fillRect(x, y, width, FAULT_ROW - 4)
        context.globalAlpha = 1
        context.fillRect(x, y, 2, FAULT_ROW - 4)
        const characters = Math.floor((Math.min(width, surface.right - x) - 12) / 6.2)
        if (characters < 3) continue
        context.font = `11px ${SANS}`
        context.fillStyle = palette().ink
        context.fillText(cut(fault.described + (fault.error === '' ? '' : ' ✕'), characters), x + 7, y + 12)
      }
      context.restore()
    }
  }

  #labels(context: CanvasRenderingContext2D): void {
    const { processes } = this.#run.lanes
    const step = Math.ceil(13 / this.#rowHeight)
    context.font = `12px ${SANS}`
    for (let lane = 0; lane < processes.length; lane++) {
      const y = this.#top + lane * this.#rowHeight
      context.fillStyle = palette().line
      context.fillRect(0, Math.round(y), this.surface.width, 1)
      if (lane % step !== 0) continue
      context.fillStyle = palette().soft
      const names = processes[lane]!.map((process) => this.#run.packed.processes[process]!)
      const text = `${names[0]}${names.length > 1 ? ` +${names.length - 1}` : ''}`
      const isNumber = /^\d+$/.test(names[0]!)
      const prefix = isNumber && this.surface.left > 80 ? 'process ' : ''
      context.fillText(cut(prefix + text, (this.surface.left - 18) / 6.4), 12, y + this.#rowHeight / 2 + 4)
    }
  }

  #lane(context: CanvasRenderingContext2D, lane: number): void {
    const { columns, lanes } = this.#run
    const { range } = this.#view
    const { surface } = this
    const rows = lanes.rows[lane]!
    const height = this.#barHeight
    const y = this.#top + lane * this.#rowHeight + (this.#rowHeight - height) / 2
    const wide = Math.ceil(surface.width)
    if (this.#columns.length !== wide) {
      this.#columns = new Uint8Array(wide)
      this.#coverage = new Float32Array(wide)
    }
    this.#columns.fill(EMPTY)
    this.#coverage.fill(0)
    const scale = (surface.right - surface.left) / (range.to - range.from)
    for (let i = this.#firstEndingAt(rows, range.from); i < rows.length; i++) {
      const row = rows[i]!
      const from = columns.from[row]!
      if (from > range.to) break
      const x = surface.left + (from - range.from) * scale
      const width = (columns.to[row]! - from) * scale
      if (width < 2) this.#addNarrow(row, x, width)
      else this.#bar(context, row, { x, y, width, height })
    }
    this.#narrowBars(context, y, height)
  }

  #addNarrow(row: number, x: number, width: number): void {
    const { outcome, isAnomalous } = this.#run.columns
    const column = Math.floor(x)
    if (column < 0 || column >= this.#columns.length) return
    const kind = isAnomalous[row] === 1 ? ANOMALOUS : outcome[row]!
    const before = this.#columns[column]!
    if (before === EMPTY || importance[kind]! > importance[before]!) this.#columns[column] = kind
    this.#coverage[column] = Math.min(1, this.#coverage[column]! + Math.max(width, 0.12))
  }

  /** Neighbours of one kind in one stroke. */
  #narrowBars(context: CanvasRenderingContext2D, y: number, height: number): void {
    const colors = [palette().ok, palette().failed, palette().unknown, palette().wrong]
    for (let x = 0; x < this.#columns.length; x++) {
      const kind = this.#columns[x]!
      if (kind === EMPTY) continue
      context.fillStyle = colors[kind]!
      const isPlain = kind === OK
      context.globalAlpha = isPlain ? 0.35 + 0.65 * this.#coverage[x]! : 1
      const extra = kind === ANOMALOUS ? 2 : 0
      context.fillRect(x, y - extra, isPlain ? 1 : kind === ANOMALOUS ? 3 : 1.5, height + 2 * extra)
    }
    context.globalAlpha = 1
  }

  #bar(
    context: CanvasRenderingContext2D,
    row: number,
    { x, y, width, height }: { x: number; y: number; width: number; height: number },
  ): void {
    const { outcome, isAnomalous } = this.#run.columns
    const colors = palette()
    // A pixel of air between bars that follow each other.
    const long = Math.max(1.5, width - (width > 4 ? 1 : 0.4))
    const kind = outcome[row]!
    const radius = Math.min(3, long / 3, height / 3)
    context.beginPath()
    context.roundRect(x, y, long, height, radius)
    if (kind === FAILED && long > 3) {
      context.fillStyle = colors.surface
      context.fill()
      context.strokeStyle = colors.failed
      context.lineWidth = 1.25
      context.stroke()
    } else if (kind === UNKNOWN) {
      const fade = context.createLinearGradient(x, 0, x + long, 0)
      fade.addColorStop(0, colors.unknown)
      fade.addColorStop(0.45, colors.unknown)
      fade.addColorStop(1, 'transparent')
      context.globalAlpha = 0.22
      context.fillStyle = colors.unknown
      context.fill()
      context.globalAlpha = 1
      context.fillStyle = fade
      context.fill()
    } else {
      context.fillStyle = kind === FAILED ? colors.failed : colors.ok
      context.fill()
    }
    if (isAnomalous[row] === 1) {
      context.beginPath()
      context.roundRect(x - 1, y - 1, long + 2, height + 2, radius + 1)
      context.strokeStyle = colors.wrong
      context.lineWidth = 2.5
      context.stroke()
    }
    this.#text(context, row, x, y, long, height)
  }

  #text(
    context: CanvasRenderingContext2D,
    row: number,
    x: number,
    y: number,
    width: number,
    height: number,
  ): void {
    const left = Math.max(x, this.surface.left)
    const characters = Math.floor((Math.min(x + width, this.surface.right) - left - 9) / CHARACTER)
    if (characters < 4 || height < 13) return
    context.font = `11px ${MONO}`
    const kind = this.#run.columns.outcome[row]!
    const isOnFull = kind === OK || (kind === UNKNOWN && left < x + 0.4 * width)
    context.fillStyle = isOnFull ? palette()[kind === OK ? 'bar-ink' : 'unknown-ink'] : palette().ink
    context.fillText(cut(labelOfRow(this.#run, row), characters), left + 5, y + height / 2 + 4)
  }

  /** The place in a lane of the first operation that ends at a time or later. */
  #firstEndingAt(rows: Int32Array, time: number): number {
    const { to } = this.#run.columns
    let low = 0
    let high = rows.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (to[rows[middle]!]! < time) low = middle + 1
      else high = middle
    }
    return low
  }
}

function cut(text: string, characters: number): string {
  return text.length <= characters ? text : `${text.slice(0, Math.max(0, Math.floor(characters) - 1))}…`
}
