import { type RateBins, rateBins } from '../view/bins.ts'
import { palette } from './palette.ts'
import type { Run } from './run.ts'
import type { Surface } from './surface.ts'
import type { View } from './view.ts'

const HEIGHT = 48
const BIN_PIXELS = 3

/** The whole run in a strip: how much was done, faults, anomalies, and a frame around what the charts show. */
export class OverviewChart {
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
    const { whole } = this.#view
    const context = surface.begin(HEIGHT)
    surface.faultBands(this.#run, 0, HEIGHT, whole)
    const bins = this.#bins()
    const colors = [palette().ok, palette().failed, palette().unknown]
    for (let bin = 0; bin < bins.size; bin++) {
      const x = surface.xOf(bins.start + bin * bins.width, whole)
      let y = HEIGHT
      for (const [outcome, color] of colors.entries()) {
        const high = (bins.counts[3 * bin + outcome]! / Math.max(1, bins.most)) * (HEIGHT - 14)
        if (high === 0) continue
        context.fillStyle = color
        context.globalAlpha = 0.8
        context.fillRect(x, y - Math.max(1, high), BIN_PIXELS - 0.5, Math.max(1, high))
        y -= high
      }
    }
    context.globalAlpha = 1
    this.#marks(context)
  }

  drawPointer(): void {
    const { surface } = this
    const { range, whole, isWhole } = this.#view
    const context = surface.beginAbove()
    if (isWhole) return
    const [from, to] = [
      surface.xOf(range.from, whole),
      Math.max(surface.xOf(range.from, whole) + 3, surface.xOf(range.to, whole)),
    ]
    context.fillStyle = palette().surface
    context.globalAlpha = 0.68
    context.fillRect(surface.left, 0, from - surface.left, HEIGHT)
    context.fillRect(to, 0, surface.right - to, HEIGHT)
    context.globalAlpha = 1
    context.strokeStyle = palette().accent
    context.lineWidth = 2
    context.strokeRect(from, 1, to - from, HEIGHT - 2)
  }

  #bins(): RateBins {
    const { whole } = this.#view
    const { surface } = this
    const width = ((whole.to - whole.from) / (surface.right - surface.left)) * BIN_PIXELS
    return rateBins(this.#run.columns, whole, width)
  }

  /** Where anomalies are. */
  #marks(context: CanvasRenderingContext2D): void {
    const { columns } = this.#run
    context.fillStyle = palette().wrong
    for (let row = 0; row < columns.size; row++) {
      if (columns.isAnomalous[row] === 0) continue
      const x = this.surface.xOf(columns.from[row]!, this.#view.whole)
      context.beginPath()
      context.moveTo(x - 4, 1)
      context.lineTo(x + 4, 1)
      context.lineTo(x, 8)
      context.fill()
    }
  }
}
