import type { Effort } from '../effort.ts'
import { PASS } from './edge-kind.ts'
import type { Graph } from './graph.ts'

/** One step of a path: an edge with the kinds that it was taken for. */
export interface Step {
  readonly from: number
  readonly to: number
  readonly kinds: number
}

export interface PathLimits {
  /** At most so many edges; those through auxiliary nodes count once. */
  readonly lengthMax: number
  /** Nodes in an order that every allowed edge goes along: what comes after the goal cannot lead to it. */
  readonly ranks?: Int32Array | undefined
}

/** Shortest paths in one graph, by breadth first; going on from an auxiliary node costs nothing. */
export class PathFinder {
  readonly #graph: Graph
  readonly #effort: Effort
  readonly #seen: Int32Array
  readonly #cameBy: Int32Array
  readonly #cameFrom: Int32Array
  #search = 0

  constructor(graph: Graph, effort: Effort) {
    this.#graph = graph
    this.#effort = effort
    this.#seen = new Int32Array(graph.nodes)
    this.#cameBy = new Int32Array(graph.nodes)
    this.#cameFrom = new Int32Array(graph.nodes)
  }

  /** A shortest path over edges with a kind in `allowed`; undefined when there is none within the limits or effort. */
  find(from: number, to: number, allowed: number, { lengthMax, ranks }: PathLimits): Step[] | undefined {
    const search = ++this.#search
    const seen = this.#seen
    const { offsets, targets, kinds } = this.#graph
    const rankMax = ranks === undefined ? 0 : ranks[to]!
    if (ranks !== undefined && ranks[from]! > rankMax) return undefined
    if (from === to) return []
    seen[from] = search
    let level = [from]
    for (let length = 0; level.length > 0 && length <= lengthMax; length++) {
      // Grows while it is walked: what an auxiliary node leads to belongs to the same level, and is taken for that even
      // where an edge that costs something leads there too.
      for (let at = 0; at < level.length; at++) {
        const node = level[at]!
        const end = offsets[node + 1]!
        if (!this.#effort.spend(end - offsets[node]! + 1)) return undefined
        for (let edge = offsets[node]!; edge < end; edge++) {
          if ((kinds[edge]! & allowed) !== PASS) continue
          const target = targets[edge]!
          if (seen[target] === search) continue
          if (ranks !== undefined && ranks[target]! > rankMax) continue
          seen[target] = search
          this.#cameBy[target] = edge
          this.#cameFrom[target] = node
          if (target === to) return this.#pathTo(from, to, allowed)
          level.push(target)
        }
      }
      if (length === lengthMax) return undefined
      const next: number[] = []
      for (const node of level) {
        const end = offsets[node + 1]!
        for (let edge = offsets[node]!; edge < end; edge++) {
          const kind = kinds[edge]! & allowed
          if (kind === 0 || kind === PASS) continue
          const target = targets[edge]!
          if (seen[target] === search) continue
          if (ranks !== undefined && ranks[target]! > rankMax) continue
          seen[target] = search
          this.#cameBy[target] = edge
          this.#cameFrom[target] = node
          if (target === to) return this.#pathTo(from, to, allowed)
          next.push(target)
        }
      }
      level = next
    }
    return undefined
  }

  #pathTo(from: number, to: number, allowed: number): Step[] {
    const steps: Step[] = []
    for (let node = to; node !== from; node = this.#cameFrom[node]!) {
      const kinds = this.#graph.kinds[this.#cameBy[node]!]! & allowed
      steps.push({ from: this.#cameFrom[node]!, to: node, kinds })
    }
    return steps.reverse()
  }
}
