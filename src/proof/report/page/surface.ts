import { formatTime, niceStep, type TimeRange, ticks } from '../view/scale.ts'
import { palette } from './palette.ts'
import type { Run } from './run.ts'
import type { View } from './view.ts'

export const SANS = 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif'
/** So many faults at most are drawn with strong edges. */
const BANDS_BOLD = 16
export const MONO = 'ui-monospace, SFMono-Regular, Menlo, Consolas, monospace'

/**
 * A canvas for what changes with the range of time, and one above it for what changes with the pointer. Both in CSS
 * pixels, whatever the screen has.
 */
export class Surface {
  readonly canvas: HTMLCanvasElement
  readonly context: CanvasRenderingContext2D
  readonly #overlay: HTMLCanvasElement
  readonly #above: CanvasRenderingContext2D
  readonly #box: HTMLElement
  readonly #view: View
  #width = 0
  #height = 0

  constructor(box: HTMLElement, view: View) {
    this.#box = box
    this.#view = view
    this.canvas = box.querySelector('canvas')!
    this.context = this.canvas.getContext('2d')!
    this.#overlay = document.createElement('canvas')
    this.#overlay.className = 'overlay'
    this.#overlay.ariaHidden = 'true'
    this.#above = this.#overlay.getContext('2d')!
    box.append(this.#overlay)
  }

  get width(): number {
    return this.#width
  }
  get height(): number {
    return this.#height
  }
  /** Where time begins: left of it are labels. */
  get left(): number {
    return this.#width < 640 ? 64 : 116
  }
  get right(): number {
    return this.#width - 12
  }

  /** Empty, and as wide as its box. */
  begin(height: number): CanvasRenderingContext2D {
    this.#height = height
    this.#width = this.#box.clientWidth
    resize(this.canvas, this.context, this.#width, height)
    return this.context
  }

  beginAbove(): CanvasRenderingContext2D {
    resize(this.#overlay, this.#above, this.#width, this.#height)
    return this.#above
  }

  xOf(time: number, range: TimeRange = this.#view.range): number {
    return this.left + ((time - range.from) / (range.to - range.from)) * (this.right - this.left)
  }

  timeOf(x: number, range: TimeRange = this.#view.range): number {
    return range.from + ((x - this.left) / (this.right - this.left)) * (range.to - range.from)
  }

  clipToTime(context: CanvasRenderingContext2D): void {
    context.beginPath()
    context.rect(this.left, 0, this.right - this.left, this.#height)
    context.clip()
  }

  /** Lines from top to bottom at round times, with labels at `labelY`. */
  timeAxis(labelY: number, top: number, bottom: number): void {
    const { context } = this
    const { range } = this.#view
    const about = Math.max(2, (this.right - this.left) / 110)
    const step = niceStep((range.to - range.from) / about)
    context.font = `11px ${SANS}`
    context.textAlign = 'center'
    context.lineWidth = 1
    for (const time of ticks(range, about)) {
      const x = Math.round(this.xOf(time)) + 0.5
      context.strokeStyle = palette().line
      context.beginPath()
      context.moveTo(x, top)
      context.lineTo(x, bottom)
      context.stroke()
      context.fillStyle = palette().soft
      context.fillText(formatTime(time, step), Math.min(this.right - 14, Math.max(this.left + 10, x)), labelY)
    }
    context.textAlign = 'left'
  }

  /** The times of faults as shaded bands. */
  faultBands({ packed }: Run, top: number, bottom: number, range = this.#view.range): void {
    const { context } = this
    const shown = packed.faults.filter(({ begin, end }) => end >= range.from && begin <= range.to)
    // Many of them must not drown what happened during them.
    const strength = Math.max(0.35, Math.min(1, BANDS_BOLD / Math.max(1, shown.length)))
    context.save()
    this.clipToTime(context)
    for (const { begin, end } of shown) {
      const x = this.xOf(begin, range)
      const width = Math.max(1, this.xOf(end, range) - x)
      context.fillStyle = palette().fault
      context.globalAlpha = 0.07 + 0.06 * strength
      context.fillRect(x, top, width, bottom - top)
      context.globalAlpha = 0.5 * strength ** 1.5
      context.fillRect(x, top, 1, bottom - top)
      context.fillRect(x + width - 1, top, 1, bottom - top)
    }
    context.restore()
  }

  /** The line under the pointer and what is being chosen. */
  pointer(context: CanvasRenderingContext2D): void {
    const { moment, brush } = this.#view
    context.save()
    this.clipToTime(context)
    if (brush !== undefined) {
      const [from, to] = [this.xOf(brush.from), this.xOf(brush.to)]
      context.fillStyle = palette().accent
      context.globalAlpha = 0.16
      context.fillRect(from, 0, to - from, this.#height)
      context.globalAlpha = 0.9
      context.fillRect(from, 0, 1, this.#height)
      context.fillRect(to - 1, 0, 1, this.#height)
    } else if (moment !== undefined) {
      context.fillStyle = palette().soft
      context.globalAlpha = 0.6
      context.fillRect(Math.round(this.xOf(moment)), 0, 1, this.#height)
    }
    context.restore()
  }
}

function resize(
  canvas: HTMLCanvasElement,
  context: CanvasRenderingContext2D,
  width: number,
  height: number,
): void {
  const ratio = devicePixelRatio || 1
  const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)]
  if (canvas.width !== wide || canvas.height !== high) {
    canvas.width = wide
    canvas.height = high
    canvas.style.width = `${width}px`
    canvas.style.height = `${height}px`
  }
  context.setTransform(ratio, 0, 0, ratio, 0, 0)
  context.clearRect(0, 0, width, height)
}
