import type { Graph } from './graph.ts'

/** Numbers along the edges of an acyclic part of a graph, layer by layer (Kahn 1962); undefined if it has a cycle. */
export function ranksOf({ nodes, offsets, targets, kinds }: Graph, allowed: number): Int32Array | undefined {
  const incoming = new Int32Array(nodes)
  for (let edge = 0; edge < targets.length; edge++) {
    if ((kinds[edge]! & allowed) !== 0) incoming[targets[edge]!]!++
  }
  const ranks = new Int32Array(nodes)
  const queue = new Int32Array(nodes)
  let filled = 0
  for (let node = 0; node < nodes; node++) if (incoming[node] === 0) queue[filled++] = node
  for (let at = 0; at < filled; at++) {
    const node = queue[at]!
    ranks[node] = at
    for (let edge = offsets[node]!; edge < offsets[node + 1]!; edge++) {
      if ((kinds[edge]! & allowed) !== 0 && --incoming[targets[edge]!]! === 0)
        queue[filled++] = targets[edge]!
    }
  }
  return filled === nodes ? ranks : undefined
}
