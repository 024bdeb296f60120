import { DureError } from '../../../foundation/errors.ts'

/** Whom each node may count as its neighbours: what `topology` messages carry. */
export type Topology = Readonly<Record<string, readonly string[]>>

export const topologyNames = ['grid', 'line', 'total', 'tree', 'tree2', 'tree3', 'tree4'] as const

/**
 * ```ts
 * topologyOf('line', ['n1', 'n2', 'n3']) // { n1: ['n2'], n2: ['n1', 'n3'], n3: ['n2'] }
 * ```
 *
 * `grid`: a square with as few rows as columns, its last row not full. `tree3`: at most three children each; `tree` is
 * `tree2`. Any number of children goes.
 */
export function topologyOf(name: string, nodes: readonly string[]): Topology {
  if (name === 'grid') return links(nodes, gridLinks(nodes.length))
  if (name === 'line')
    return links(
      nodes,
      range(1, nodes.length).map((i) => [i - 1, i]),
    )
  if (name === 'total')
    return links(
      nodes,
      nodes.flatMap((_, i) => range(0, i).map((j) => [j, i] as const)),
    )
  const children = name === 'tree' ? 2 : Number(/^tree([1-9]\d?)$/.exec(name)?.[1])
  if (Number.isNaN(children)) {
    throw new DureError(
      'invalid',
      `no topology is called ${JSON.stringify(name)}: use ${topologyNames.join(', ')}`,
    )
  }
  return links(
    nodes,
    range(1, nodes.length).map((i) => [Math.floor((i - 1) / children), i]),
  )
}

type Link = readonly [left: number, right: number]

function gridLinks(count: number): Link[] {
  const columns = Math.ceil(Math.sqrt(count))
  return range(0, count).flatMap((i) => [
    ...((i + 1) % columns !== 0 && i + 1 < count ? [[i, i + 1] as const] : []),
    ...(i + columns < count ? [[i, i + columns] as const] : []),
  ])
}

function links(nodes: readonly string[], pairs: readonly Link[]): Topology {
  const neighbours = new Map(nodes.map((node) => [node, [] as string[]]))
  for (const [left, right] of pairs) {
    neighbours.get(nodes[left]!)!.push(nodes[right]!)
    neighbours.get(nodes[right]!)!.push(nodes[left]!)
  }
  return Object.fromEntries(neighbours)
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i)
