import { rateBins } from '../view/bins.ts'
import { FAILED, OK, UNKNOWN } from '../view/packed-history.ts'
import { formatCount, niceStep, ticks } from '../view/scale.ts'
import { palette } from './palette.ts'
import type { Run } from './run.ts'
import { SANS, type Surface } from './surface.ts'
import type { View } from './view.ts'

const HEIGHT = 150
const AXIS = 24
const TOP = 10
const BIN_PIXELS = 6

/** Calls that ended each second, in bars: those that were acknowledged below, unknown ones on top. */
export class RateChart {
  readonly surface: Surface
  readonly #run: Run
  readonly #view: View

  constructor(surface: Surface, run: Run, view: View) {
    this.surface = surface
    this.#run = run
    this.#view = view
  }

  draw(): void {
    const { surface } = this
    const { range } = this.#view
    const context = surface.begin(HEIGHT)
    const bottom = HEIGHT - AXIS
    surface.faultBands(this.#run, 0, bottom)
    surface.timeAxis(HEIGHT - 8, 0, bottom + 4)
    const width = niceStep(((range.to - range.from) / (surface.right - surface.left)) * BIN_PIXELS)
    const bins = rateBins(this.#run.columns, range, width)
    const perSecond = 1e6 / width
    const most = Math.max(1, bins.most * perSecond * 1.08)
    const yOf = (rate: number): number => bottom - (rate / most) * (bottom - TOP)
    this.#scale(context, most, yOf)
    context.save()
    surface.clipToTime(context)
    const colors = [palette().ok, palette().failed, palette().unknown]
    for (let bin = 0; bin < bins.size; bin++) {
      const x = surface.xOf(bins.start + bin * width)
      const wide = Math.max(1, surface.xOf(bins.start + (bin + 1) * width) - x - 1)
      let below = 0
      for (const outcome of [OK, FAILED, UNKNOWN]) {
        const count = bins.counts[3 * bin + outcome]!
        if (count === 0) continue
        const [from, to] = [yOf(below * perSecond), yOf((below + count) * perSecond)]
        context.fillStyle = colors[outcome]!
        // What is not ok is seen however little it is.
        const high = outcome === OK ? from - to : Math.max(2, from - to)
        context.fillRect(x, from - high, wide, high)
        below += count
      }
    }
    context.restore()
    context.fillStyle = palette()['strong-line']
    context.fillRect(surface.left, bottom, surface.right - surface.left, 1)
  }

  drawPointer(): void {
    this.surface.pointer(this.surface.beginAbove())
  }

  #scale(context: CanvasRenderingContext2D, most: number, yOf: (rate: number) => number): void {
    const { surface } = this
    context.font = `11px ${SANS}`
    context.textAlign = 'right'
    for (const rate of ticks({ from: 0, to: most }, 4)) {
      const y = Math.round(yOf(rate))
      context.fillStyle = palette().line
      if (rate > 0) context.fillRect(surface.left, y, surface.right - surface.left, 1)
      context.fillStyle = palette().soft
      context.fillText(`${formatCount(rate)}/s`, surface.left - 8, y + 4)
    }
    context.textAlign = 'left'
  }
}
