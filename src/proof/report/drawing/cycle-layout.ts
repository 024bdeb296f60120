export interface Point {
  readonly x: number
  readonly y: number
}

export interface CycleLayout {
  readonly width: number
  readonly height: number
  /** Middles of the boxes. */
  readonly nodes: readonly Point[]
  /** One for each node: to the next, the last one to the first. */
  readonly edges: readonly { readonly path: string; readonly label: Point }[]
}

export const BOX_WIDTH = 236
export const BOX_HEIGHT = 56
const MARGIN = 12
/** Between the end of an arrow and its box. */
const AIR = 5

/** Boxes around an ellipse in the order of the cycle, clockwise from the top (two of them side by side). */
export function layOutCycle(count: number): CycleLayout {
  const [radiusX, radiusY] = radii(count)
  const height = 2 * (radiusY + MARGIN) + BOX_HEIGHT + (count === 2 ? 100 : 0)
  const width = 2 * (radiusX + MARGIN) + BOX_WIDTH
  const center = { x: width / 2, y: height / 2 }
  const start = count === 2 ? -Math.PI : -Math.PI / 2
  const nodes = Array.from({ length: count }, (_, i) => {
    const angle = start + (2 * Math.PI * i) / count
    return { x: center.x + radiusX * Math.cos(angle), y: center.y + radiusY * Math.sin(angle) }
  })
  return {
    width: Math.round(width),
    height: Math.round(height),
    nodes,
    edges: nodes.map((from, i) => edgeBetween(from, nodes[(i + 1) % count]!, center, count)),
  }
}

function radii(count: number): readonly [x: number, y: number] {
  if (count === 1) return [0, 0]
  if (count === 2) return [215, 0]
  if (count === 3) return [200, 105]
  const around = (count * (BOX_WIDTH + 40)) / (2 * Math.PI)
  return [Math.max(230, around), Math.max(110, count * 26)]
}

function edgeBetween(from: Point, to: Point, center: Point, count: number): CycleLayout['edges'][number] {
  const middle = { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 }
  const [dx, dy] = [to.x - from.x, to.y - from.y]
  const length = Math.hypot(dx, dy) || 1
  // To the left of the way, which is outward: clockwise the middle of the cycle lies to the right.
  const bulge = count === 2 ? 110 : Math.min(60, length * 0.16)
  const control = { x: middle.x + (dy / length) * bulge, y: middle.y - (dx / length) * bulge }
  const inward =
    (control.x - middle.x) * (center.x - middle.x) + (control.y - middle.y) * (center.y - middle.y)
  if (inward > 0) return curve(from, to, { x: 2 * middle.x - control.x, y: 2 * middle.y - control.y })
  return curve(from, to, control)
}

function curve(from: Point, to: Point, control: Point): CycleLayout['edges'][number] {
  const begin = border(from, control)
  const end = border(to, control)
  const round = (value: number): number => Math.round(value * 10) / 10
  return {
    path: `M${round(begin.x)} ${round(begin.y)}Q${round(control.x)} ${round(control.y)} ${round(end.x)} ${round(end.y)}`,
    label: {
      x: round(0.25 * begin.x + 0.5 * control.x + 0.25 * end.x),
      y: round(0.25 * begin.y + 0.5 * control.y + 0.25 * end.y),
    },
  }
}

/** Where the way from the middle of a box to a point leaves the box. */
function border(box: Point, towards: Point): Point {
  const [dx, dy] = [towards.x - box.x, towards.y - box.y]
  const share = Math.min(
    dx === 0 ? Number.POSITIVE_INFINITY : (BOX_WIDTH / 2 + AIR) / Math.abs(dx),
    dy === 0 ? Number.POSITIVE_INFINITY : (BOX_HEIGHT / 2 + AIR) / Math.abs(dy),
  )
  return Number.isFinite(share) ? { x: box.x + dx * share, y: box.y + dy * share } : box
}
