import { quantileLine } from '../view/bins.ts'
import { OK } from '../view/packed-history.ts'
import { decades, formatDuration, niceStep } from '../view/scale.ts'
import { palette } from './palette.ts'
import type { Run } from './run.ts'
import { SANS, type Surface } from './surface.ts'
import type { View } from './view.ts'

const AXIS = 24
const PANEL_GAP = 10
/** Of a bin of the quantiles. */
const BIN_PIXELS = 14
/** Fewer calls say nothing of a p99. */
const CALLS_IN_BIN = 12
/** Fewer points make no line. */
const BINS_MIN = 6
/** Of a point. */
const CELL = 2
/** So few are drawn as dots that can be seen one by one. */
const DOTS_MAX = 1_500

/** Latency over time, a panel for each function: every call as a point, quantiles as lines. */
export class LatencyChart {
  readonly surface: Surface
  readonly #run: Run
  readonly #view: View
  readonly #least: number
  readonly #most: number

  constructor(surface: Surface, run: Run, view: View) {
    this.surface = surface
    this.#run = run
    this.#view = view
    const { columns } = run
    let [least, most] = [Number.POSITIVE_INFINITY, 1]
    for (let row = 0; row < columns.size; row++) {
      const latency = Math.max(1, columns.to[row]! - columns.from[row]!)
      least = Math.min(least, latency)
      most = Math.max(most, latency)
    }
    this.#least = Math.min(least, most / 10)
    this.#most = most * 1.3
  }

  draw(): void {
    const { surface } = this
    const { functions } = this.#run.packed
    const panel = functions.length <= 2 ? 132 : functions.length <= 4 ? 104 : 84
    const height = functions.length * (panel + PANEL_GAP) + AXIS
    const context = surface.begin(height)
    surface.faultBands(this.#run, 0, height - AXIS)
    surface.timeAxis(height - 8, 0, height - AXIS + 4)
    for (let f = 0; f < functions.length; f++) this.#panel(context, f, f * (panel + PANEL_GAP) + 6, panel - 6)
  }

  drawPointer(): void {
    this.surface.pointer(this.surface.beginAbove())
  }

  #yOf(latency: number, top: number, height: number): number {
    const share = Math.log(Math.max(latency, this.#least) / this.#least) / Math.log(this.#most / this.#least)
    return top + height * (1 - share)
  }

  #panel(context: CanvasRenderingContext2D, f: number, top: number, height: number): void {
    const { surface } = this
    const colors = palette()
    context.font = `600 12px ${SANS}`
    context.fillStyle = colors.ink
    context.fillText(this.#run.packed.functions[f]!.slice(0, 12), 12, top + 11)
    context.font = `11px ${SANS}`
    context.textAlign = 'right'
    for (const latency of decades(this.#least, this.#most)) {
      const y = Math.round(this.#yOf(latency, top, height))
      if (latency < this.#least) continue
      context.fillStyle = colors.line
      context.fillRect(surface.left, y, surface.right - surface.left, 1)
      if (y < top + 18) continue
      context.fillStyle = colors.soft
      context.fillText(formatDuration(latency).replace(/\.0+(?= )/, ''), surface.left - 8, y + 4)
    }
    context.textAlign = 'left'
    context.save()
    surface.clipToTime(context)
    const rows = this.#shown(f)
    this.#points(context, rows, top, height)
    this.#lines(context, rows, top, height)
    context.restore()
    context.fillStyle = colors['strong-line']
    context.fillRect(surface.left, top + height, surface.right - surface.left, 1)
  }

  /** Points that fall on one another make it darker, up to what is seen as full. */
  #points(context: CanvasRenderingContext2D, rows: Int32Array, top: number, height: number): void {
    const { surface } = this
    const { columns } = this.#run
    const wide = Math.ceil(surface.width / CELL)
    const high = Math.ceil(height / CELL) + 2
    const counts = [0, 1, 2].map(() => new Uint16Array(wide * high))
    for (const row of rows) {
      const x = Math.floor(surface.xOf(columns.from[row]!) / CELL)
      const y = Math.floor((this.#yOf(columns.to[row]! - columns.from[row]!, top, height) - top) / CELL)
      counts[columns.outcome[row]!]![Math.max(0, y) * wide + x]!++
    }
    const colors = [palette().ok, palette().failed, palette().unknown]
    const larger = rows.length <= DOTS_MAX / 5 ? 2 : rows.length <= DOTS_MAX ? 1 : 0
    for (const [outcome, cells] of counts.entries()) {
      context.fillStyle = colors[outcome]!
      const least = outcome === OK ? 0.55 + 0.15 * larger : 0.85
      const size = CELL + larger + (outcome === OK ? 0 : 1)
      for (let cell = 0; cell < cells.length; cell++) {
        const count = cells[cell]!
        if (count === 0) continue
        context.globalAlpha = Math.min(1, least + 0.12 * (count - 1))
        context.fillRect((cell % wide) * CELL, top + Math.floor(cell / wide) * CELL, size, size)
      }
    }
    context.globalAlpha = 1
  }

  /** Calls of a function that began in what is shown. */
  #shown(f: number): Int32Array {
    const { from } = this.#run.columns
    const { range } = this.#view
    return this.#run.rowsOf[f]!.filter((row) => from[row]! >= range.from && from[row]! <= range.to)
  }

  #lines(context: CanvasRenderingContext2D, rows: Int32Array, top: number, height: number): void {
    const { surface } = this
    const { range } = this.#view
    const bins = Math.min((surface.right - surface.left) / BIN_PIXELS, rows.length / CALLS_IN_BIN)
    if (bins < BINS_MIN) return
    const width = niceStep((range.to - range.from) / bins)
    const line = quantileLine(this.#run.columns, rows, range, width)
    context.lineJoin = 'round'
    for (const [values, lineWidth, dash] of [
      [line.p99, 1.25, [3, 2]],
      [line.median, 2, []],
    ] as const) {
      context.strokeStyle = palette().ink
      context.lineWidth = lineWidth
      context.setLineDash([...dash])
      context.beginPath()
      let isDown = false
      for (let bin = 0; bin < values.length; bin++) {
        const value = values[bin]!
        if (Number.isNaN(value)) {
          isDown = false
          continue
        }
        const [x, y] = [surface.xOf(line.at[bin]!), this.#yOf(value, top, height)]
        if (isDown) context.lineTo(x, y)
        else context.moveTo(x, y)
        // A bin alone is a short stroke.
        if (!isDown && Number.isNaN(values[bin + 1] ?? Number.NaN)) context.lineTo(x + 3, y)
        isDown = true
      }
      context.stroke()
    }
    context.setLineDash([])
  }
}
