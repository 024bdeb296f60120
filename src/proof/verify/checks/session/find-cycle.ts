import type { Edge } from './version-order.ts'

/** Edges by the node that they start at, each row a slice of one array. */
class Outgoing {
  readonly #starts: Int32Array
  readonly #edges: Edge[]

  constructor(nodes: number, edges: readonly Edge[]) {
    this.#starts = new Int32Array(nodes + 1)
    for (const { from } of edges) this.#starts[from + 1]!++
    for (let node = 0; node < nodes; node++) this.#starts[node + 1]! += this.#starts[node]!
    const next = this.#starts.slice()
    this.#edges = new Array(edges.length)
    for (const edge of edges) this.#edges[next[edge.from]!++] = edge
  }

  count(node: number): number {
    return this.#starts[node + 1]! - this.#starts[node]!
  }

  at(node: number, place: number): Edge {
    return this.#edges[this.#starts[node]! + place]!
  }
}

/** A cycle of the edges, a short one through one of its nodes; undefined when there is none. */
export function findCycle(nodes: number, edges: readonly Edge[]): readonly Edge[] | undefined {
  const left = nodesOnCycles(nodes, edges)
  if (left === undefined) return undefined
  const inner = edges.filter(({ from, to }) => left[from] === 1 && left[to] === 1)
  // Each node left has an edge onwards within: a walk must come back to where it was.
  const outgoing = new Outgoing(nodes, inner)
  let node = inner[0]!.from
  const visited = new Set<number>()
  while (!visited.has(node)) {
    visited.add(node)
    node = outgoing.at(node, 0).to
  }
  return shortestBack(node, outgoing)
}

/** Takes away nodes that nothing leads to, then those that lead nowhere; a 1 for each that stays, undefined if none. */
function nodesOnCycles(nodes: number, edges: readonly Edge[]): Uint8Array | undefined {
  const left = new Uint8Array(nodes).fill(1)
  let remaining = nodes
  for (const isForward of [true, false]) {
    const directed = isForward ? edges : edges.map((edge) => ({ ...edge, from: edge.to, to: edge.from }))
    const outgoing = new Outgoing(nodes, directed)
    const incoming = new Int32Array(nodes)
    for (const { from, to } of directed) if (left[from] === 1) incoming[to]!++
    const free: number[] = []
    for (let node = 0; node < nodes; node++) if (left[node] === 1 && incoming[node] === 0) free.push(node)
    while (free.length > 0) {
      const node = free.pop()!
      left[node] = 0
      remaining--
      for (let place = 0; place < outgoing.count(node); place++) {
        const { to } = outgoing.at(node, place)
        if (left[to] === 1 && --incoming[to]! === 0) free.push(to)
      }
    }
    if (remaining === 0) return undefined
  }
  return left
}

function shortestBack(start: number, outgoing: Outgoing): readonly Edge[] {
  const reachedBy = new Map<number, Edge>()
  const queue = [start]
  for (let at = 0; at < queue.length; at++) {
    const node = queue[at]!
    for (let place = 0; place < outgoing.count(node); place++) {
      const edge = outgoing.at(node, place)
      if (edge.to === start) return pathTo(edge, start, reachedBy)
      if (reachedBy.has(edge.to)) continue
      reachedBy.set(edge.to, edge)
      queue.push(edge.to)
    }
  }
  return []
}

function pathTo(last: Edge, start: number, reachedBy: ReadonlyMap<number, Edge>): readonly Edge[] {
  const path = [last]
  while (path[0]!.from !== start) path.unshift(reachedBy.get(path[0]!.from)!)
  return path
}
