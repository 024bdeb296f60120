import type { Surface } from './surface.ts'
import type { View } from './view.ts'

const CLICK_PIXELS = 4

export interface ChartActions {
  /** The operation at a place; -1 for none. */
  rowAt(x: number, y: number): number
  onHover?(row: number, event: PointerEvent | undefined): void
}

/** Drag to zoom in, with a finger to move; double-click for the whole run; the wheel with Ctrl zooms, sideways moves. */
export function listenToChart(surface: Surface, view: View, actions: ChartActions): void {
  const { canvas } = surface
  let start: { readonly x: number; readonly time: number } | undefined
  let lastX = 0

  canvas.addEventListener('pointerdown', (event) => {
    if (event.button !== 0 || event.offsetX < surface.left) return
    start = { x: event.offsetX, time: surface.timeOf(event.offsetX) }
    lastX = event.offsetX
    canvas.setPointerCapture(event.pointerId)
  })
  canvas.addEventListener('pointermove', (event) => {
    const x = Math.max(surface.left, Math.min(surface.right, event.offsetX))
    if (start !== undefined && event.pointerType === 'touch') {
      view.pan((lastX - event.offsetX) / (surface.right - surface.left))
      lastX = event.offsetX
      return
    }
    const time = surface.timeOf(x)
    if (start !== undefined && Math.abs(x - start.x) >= CLICK_PIXELS) {
      view.brush = { from: Math.min(start.time, time), to: Math.max(start.time, time) }
      actions.onHover?.(-1, undefined)
      return
    }
    const row = actions.rowAt(event.offsetX, event.offsetY)
    view.point(event.offsetX < surface.left ? undefined : time, row)
    actions.onHover?.(row, event)
  })
  canvas.addEventListener('pointerup', (event) => {
    const { brush } = view
    view.brush = undefined
    if (brush !== undefined) view.show(brush)
    else if (start !== undefined && Math.abs(event.offsetX - start.x) < CLICK_PIXELS) {
      const row = actions.rowAt(event.offsetX, event.offsetY)
      if (row >= 0) view.select(row)
    }
    start = undefined
  })
  canvas.addEventListener('pointercancel', () => {
    start = undefined
    view.brush = undefined
  })
  canvas.addEventListener('pointerleave', () => {
    if (start !== undefined) return
    view.point(undefined, -1)
    actions.onHover?.(-1, undefined)
  })
  canvas.addEventListener('dblclick', () => view.show(view.whole))
  listenToWheel(surface, view)
}

function listenToWheel(surface: Surface, view: View): void {
  surface.canvas.addEventListener(
    'wheel',
    (event) => {
      if (event.ctrlKey || event.metaKey) {
        event.preventDefault()
        view.zoom(Math.exp(Math.max(-60, Math.min(60, event.deltaY)) / 120), surface.timeOf(event.offsetX))
      } else if (Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey) {
        event.preventDefault()
        view.pan((event.deltaX || event.deltaY) / (surface.right - surface.left))
      }
    },
    { passive: false },
  )
}

/** The strip of the whole run: drag the frame, or draw another. */
export function listenToOverview(surface: Surface, view: View): void {
  const { canvas } = surface
  let grip: { readonly kind: 'move' | 'draw'; readonly time: number } | undefined
  const timeOf = (event: PointerEvent): number =>
    surface.timeOf(Math.max(surface.left, Math.min(surface.right, event.offsetX)), view.whole)

  canvas.addEventListener('pointerdown', (event) => {
    const time = timeOf(event)
    const isInside = !view.isWhole && time >= view.range.from && time <= view.range.to
    grip = { kind: isInside ? 'move' : 'draw', time }
    canvas.setPointerCapture(event.pointerId)
  })
  canvas.addEventListener('pointermove', (event) => {
    if (grip === undefined) return
    const time = timeOf(event)
    if (grip.kind === 'draw') {
      if (time !== grip.time) view.show({ from: Math.min(time, grip.time), to: Math.max(time, grip.time) })
      return
    }
    const by = time - grip.time
    view.show({ from: view.range.from + by, to: view.range.to + by })
    grip = { kind: 'move', time }
  })
  for (const end of ['pointerup', 'pointercancel'] as const) {
    canvas.addEventListener(end, () => {
      grip = undefined
    })
  }
  canvas.addEventListener('dblclick', () => view.show(view.whole))
  listenToWheel(surface, view)
}
