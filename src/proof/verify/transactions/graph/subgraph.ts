import type { Graph } from './graph.ts'

/** Some nodes of a graph with the edges between them, numbered anew. */
export interface Subgraph extends Graph {
  /** Of each node, which it is in the whole graph. */
  readonly names: Int32Array
}

/** The part of a graph on `members`, with the kinds of edges in `allowed`. `numbers` is scratch of all its nodes. */
export function subgraph(graph: Graph, members: Int32Array, allowed: number, numbers: Int32Array): Subgraph {
  const names = members.slice().sort()
  for (let node = 0; node < names.length; node++) numbers[names[node]!] = node + 1
  const offsets = new Int32Array(names.length + 1)
  const targets: number[] = []
  const kinds: number[] = []
  for (let node = 0; node < names.length; node++) {
    const name = names[node]!
    for (let edge = graph.offsets[name]!; edge < graph.offsets[name + 1]!; edge++) {
      const kind = graph.kinds[edge]! & allowed
      const target = numbers[graph.targets[edge]!]! - 1
      if (kind === 0 || target < 0) continue
      targets.push(target)
      kinds.push(kind)
    }
    offsets[node + 1] = targets.length
  }
  for (const name of names) numbers[name] = 0
  return {
    nodes: names.length,
    offsets,
    targets: Int32Array.from(targets),
    kinds: Uint8Array.from(kinds),
    names,
  }
}
