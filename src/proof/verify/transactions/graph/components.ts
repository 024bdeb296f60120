import type { Effort } from '../effort.ts'
import type { Graph } from './graph.ts'

/**
 * The strongly connected components of more than one node, over the edges with a kind in `allowed`: Tarjan (1972), with
 * a stack of its own so that a long history does not overflow the program's. Undefined when the effort is spent.
 */
export function findComponents(graph: Graph, allowed: number, effort: Effort): Int32Array[] | undefined {
  const { nodes, offsets, targets, kinds } = graph
  if (!effort.spend(nodes + targets.length)) return undefined
  const components: Int32Array[] = []
  /** 0 before it is seen; when its component is complete, more than any number of a node. */
  const order = new Int32Array(nodes)
  const low = new Int32Array(nodes)
  const next = new Int32Array(nodes)
  const path = new Int32Array(nodes)
  const open = new Int32Array(nodes)
  const done = nodes + 1
  let openCount = 0
  let seen = 0
  for (let root = 0; root < nodes; root++) {
    if (order[root] !== 0) continue
    let depth = 0
    path[0] = root
    order[root] = low[root] = ++seen
    next[root] = offsets[root]!
    open[openCount++] = root
    while (depth >= 0) {
      const node = path[depth]!
      const end = offsets[node + 1]!
      let lowest = low[node]!
      let at = next[node]!
      let child = -1
      while (at < end) {
        const edge = at++
        if ((kinds[edge]! & allowed) === 0) continue
        const target = targets[edge]!
        const number = order[target]!
        if (number === 0) {
          child = target
          break
        }
        if (number < lowest) lowest = number
      }
      next[node] = at
      low[node] = lowest
      if (child >= 0) {
        path[++depth] = child
        order[child] = low[child] = ++seen
        next[child] = offsets[child]!
        open[openCount++] = child
        continue
      }
      if (lowest === order[node]) {
        let first = openCount
        do order[open[--first]!] = done
        while (open[first] !== node)
        if (openCount - first > 1) components.push(open.slice(first, openCount))
        openCount = first
      }
      depth--
      if (depth >= 0) {
        const parent = path[depth]!
        if (lowest < low[parent]!) low[parent] = lowest
      }
    }
  }
  return components
}
