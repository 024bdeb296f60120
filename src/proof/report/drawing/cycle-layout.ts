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

export const BOX_WIDTH = 244
export const BOX_HEIGHT = 56
const MARGIN = 10
/** Between the end of an arrow and its box. */
const AIR = 5
/** Between boxes: room for an arrow with its label. */
const GAP_X = 124
const GAP_Y = 68
/** Of arrows between two that stand side by side. */
const BULGE = 96

/**
 * Boxes clockwise in two columns, the first one at the top left; two side by side, three with one on the left. Arrows
 * between boxes of a column are straight, so that labels have their place however long a cycle is.
 */
export function layOutCycle(count: number): CycleLayout {
  const places = placesOf(count)
  const rows = Math.max(...places.map(({ row }) => row)) + 1
  const edgesAbove = count === 2 ? BULGE / 2 : 0
  const nodes = places.map(({ column, row }) => ({
    x: MARGIN + BOX_WIDTH / 2 + column * (BOX_WIDTH + GAP_X),
    y: MARGIN + edgesAbove + BOX_HEIGHT / 2 + row * (BOX_HEIGHT + GAP_Y),
  }))
  return {
    width: 2 * (MARGIN + BOX_WIDTH) + GAP_X,
    height: Math.ceil(2 * (MARGIN + edgesAbove) + rows * BOX_HEIGHT + (rows - 1) * GAP_Y),
    nodes,
    edges: nodes.map((from, i) => edgeBetween(from, nodes[(i + 1) % count]!, count === 2 ? BULGE : 0)),
  }
}

function placesOf(count: number): { readonly column: number; readonly row: number }[] {
  if (count === 1) return [{ column: 0, row: 0 }]
  const right = Math.ceil(count / 2)
  const left = count - right
  return Array.from({ length: count }, (_, i) => {
    if (i === 0) return { column: 0, row: left === 1 ? (right - 1) / 2 : 0 }
    if (i <= right) return { column: 1, row: i - 1 }
    // Up again; the lowest one beside the lowest of the other column.
    return { column: 0, row: ((right - 1) * (count - i)) / (left - 1) }
  })
}

function edgeBetween(from: Point, to: Point, bulge: number): CycleLayout['edges'][number] {
  const [dx, dy] = [to.x - from.x, to.y - from.y]
  const length = Math.hypot(dx, dy) || 1
  const control = {
    x: (from.x + to.x) / 2 + (dy / length) * bulge,
    y: (from.y + to.y) / 2 - (dx / length) * bulge,
  }
  const begin = border(from, control)
  const end = border(to, control)
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

const round = (value: number): number => Math.round(value * 10) / 10
