import type { Effort } from '../effort.ts'
import { findComponents } from '../graph/components.ts'
import { PASS, RW, RW_PREDICATE, WR, WW } from '../graph/edge-kind.ts'
import type { Graph } from '../graph/graph.ts'
import { PathFinder, type Step } from '../graph/path-finder.ts'
import { ranksOf } from '../graph/ranks.ts'
import type { Subgraph } from '../graph/subgraph.ts'
import { type Cycle, cycleOf, orderBits, type Suffix } from './cycle.ts'
import type { Collector, CycleOptions } from './find-cycles.ts'
import { nonadjacentProduct, prefixProduct } from './products.ts'

/** Where a cycle is known to be, from so many edges it is looked for, to show a short one. */
const STARTS_MAX = 256

/**
 * Looks for cycles in one strongly connected component. Whether there is any without anti-dependencies, with only
 * nonadjacent ones and so on, components decide; a search by breadth then finds a short one to show.
 */
export class ComponentSearch {
  readonly #graph: Subgraph
  readonly #suffix: Suffix
  readonly #options: CycleOptions
  readonly #collector: Collector
  readonly #effort: Effort
  readonly #paths: PathFinder
  /** Edges but anti-dependencies. */
  readonly #base: number

  constructor(graph: Subgraph, suffix: Suffix, options: CycleOptions, collector: Collector, effort: Effort) {
    this.#graph = graph
    this.#suffix = suffix
    this.#options = options
    this.#collector = collector
    this.#effort = effort
    this.#paths = new PathFinder(graph, effort)
    this.#base = WW | WR | PASS | orderBits(suffix)
  }

  run(): void {
    const antis = this.#graph.kinds.reduce((all, kinds) => all | (kinds & (RW | RW_PREDICATE)), 0)
    this.#searchWithoutAnti()
    if (antis === 0) return
    const masks = (antis & RW_PREDICATE) === 0 ? [RW] : [RW, RW | RW_PREDICATE]
    for (const anti of masks) {
      const item = anti === RW ? '-item' : ''
      const wantsNonadjacent = this.#wants(
        'fractured-read',
        `G-nonadjacent${item}`,
        `G-single${item}`,
        'long-fork',
      )
      if (wantsNonadjacent) this.#searchNonadjacent(anti)
      if (this.#collector.wants(`G2${item}${this.#suffix}`)) this.#searchAny(anti)
    }
  }

  #wants(...names: readonly BaseName[]): boolean {
    return names.some((name) => {
      const full = `${name}${this.#suffix}`
      return isNamed(full) && this.#collector.wants(full)
    })
  }

  /** G0 and G1c. */
  #searchWithoutAnti(): void {
    const parts = findComponents(this.#graph, this.#base, this.#effort)
    if (parts === undefined || parts.length === 0) return
    if (this.#collector.wants(`G0${this.#suffix}`)) {
      const writes = this.#base & ~WR
      const cyclic = findComponents(this.#graph, writes, this.#effort)
      if (cyclic !== undefined && cyclic.length > 0) {
        this.#add(this.#shortest(this.#graph, this.#paths, writes, WW, cyclic))
      }
    }
    if (this.#collector.wants(`G1c${this.#suffix}`)) {
      this.#add(this.#shortest(this.#graph, this.#paths, this.#base, WR, parts))
    }
  }

  /** Cycles with one anti-dependency, or several that are not adjacent. */
  #searchNonadjacent(anti: number): void {
    const product = nonadjacentProduct(this.#without(anti))
    const parts = findComponents(product, 255, this.#effort)
    if (parts === undefined || parts.length === 0) return
    const foundOne = this.#searchSingle(anti, membership(product.nodes, parts))
    if (this.#effort.isOver) return
    if (!foundOne) this.#add(this.#shortestOf(product, anti, parts))
    if (this.#suffix !== '-realtime' && this.#collector.wants(`long-fork${this.#suffix}`))
      this.#searchPrefix(anti)
  }

  #searchPrefix(anti: number): void {
    const product = prefixProduct(this.#without(anti))
    const parts = findComponents(product, 255, this.#effort)
    if (parts !== undefined && parts.length > 0) this.#add(this.#shortestOf(product, anti, parts))
  }

  /** Cycles with one anti-dependency, those of the weakest models first. */
  #searchSingle(anti: number, partOf: Int32Array): boolean {
    const ranks = ranksOf(this.#graph, this.#base)
    const visible = this.#base & ~WW
    let found = false
    if (this.#suffix !== '-realtime') {
      if (this.#collector.wants(`fractured-read${this.#suffix}`)) {
        found = this.#add(this.#shortestSingle(anti, partOf, visible, 1, ranks)) || found
      }
      if (this.#collector.wants(`causality-violation${this.#suffix}`)) {
        found = this.#add(this.#shortestSingle(anti, partOf, visible, this.#graph.nodes, ranks)) || found
      }
    }
    if (this.#wants(anti === RW ? 'G-single-item' : 'G-single')) {
      found = this.#add(this.#shortestSingle(anti, partOf, this.#base, this.#graph.nodes, ranks)) || found
    }
    return found
  }

  /**
   * Every anti-dependency that lies on a nonadjacent cycle is tried, unless there are cycles without any: those rule out
   * more than this one could.
   */
  #shortestSingle(
    anti: number,
    partOf: Int32Array,
    allowed: number,
    lengthMax: number,
    ranks: Int32Array | undefined,
  ): Step[] | undefined {
    const { nodes, offsets, targets, kinds } = this.#graph
    let best: Step[] | undefined
    let starts = 0
    for (let from = 0; from < nodes; from++) {
      for (let edge = offsets[from]!; edge < offsets[from + 1]!; edge++) {
        const to = targets[edge]!
        if ((kinds[edge]! & anti) === 0 || partOf[from] === 0 || partOf[from] !== partOf[nodes + to]) continue
        if (this.#effort.isOver || (ranks === undefined && ++starts > STARTS_MAX)) return best
        const limit = best === undefined ? lengthMax : lengthOf(best) - 2
        const path = this.#paths.find(to, from, allowed, { lengthMax: limit, ranks })
        if (path === undefined) continue
        best = [{ from, to, kinds: kinds[edge]! & anti }, ...path]
        if (lengthOf(best) <= 2) return best
      }
    }
    return best
  }

  /** Any cycle with anti-dependencies: there is one through each. */
  #searchAny(anti: number): void {
    const graph = this.#without(anti)
    const parts = findComponents(graph, 255, this.#effort)
    if (parts === undefined || parts.length === 0) return
    const through = anti === RW ? RW : RW_PREDICATE
    this.#add(this.#shortest(graph, new PathFinder(graph, this.#effort), 255, through, parts))
  }

  #shortestOf(product: Graph, anti: number, parts: readonly Int32Array[]): Step[] | undefined {
    const paths = new PathFinder(product, this.#effort)
    const walk = this.#shortest(product, paths, 255, anti, parts)
    const { nodes } = this.#graph
    return walk?.map(({ from, to, kinds }) => ({ from: from % nodes, to: to % nodes, kinds }))
  }

  /** A short cycle over `allowed` edges through one with a kind of `through`, inside the components `parts`. */
  #shortest(
    graph: Graph,
    paths: PathFinder,
    allowed: number,
    through: number,
    parts: readonly Int32Array[],
  ): Step[] | undefined {
    const partOf = membership(graph.nodes, parts)
    let best: Step[] | undefined
    let starts = 0
    for (let from = 0; from < graph.nodes; from++) {
      if (partOf[from] === 0) continue
      for (let edge = graph.offsets[from]!; edge < graph.offsets[from + 1]!; edge++) {
        const to = graph.targets[edge]!
        if ((graph.kinds[edge]! & through) === 0 || partOf[to] !== partOf[from]) continue
        if (++starts > STARTS_MAX || this.#effort.isOver) return best
        const lengthMax = best === undefined ? graph.nodes : lengthOf(best) - 2
        const path = paths.find(to, from, allowed, { lengthMax })
        if (path === undefined) continue
        best = [{ from, to, kinds: graph.kinds[edge]! & through }, ...path]
        if (lengthOf(best) <= 2) return best
      }
    }
    return best
  }

  #without(anti: number): Graph {
    const { kinds } = this.#graph
    const rest = (RW | RW_PREDICATE) & ~anti
    return rest === 0 ? this.#graph : { ...this.#graph, kinds: kinds.map((each) => each & ~rest) }
  }

  #add(walk: Step[] | undefined): boolean {
    if (walk === undefined) return false
    const { names } = this.#graph
    const steps = walk.map(({ from, to, kinds }) => ({ from: names[from]!, to: names[to]!, kinds }))
    this.#collector.add(cycleOf(steps, this.#options.transactions, this.#options))
    return true
  }
}

type BaseName = 'fractured-read' | 'long-fork' | `G-single${'' | '-item'}` | `G-nonadjacent${'' | '-item'}`
type FullName = Cycle['name']

/** Real time has no name of its own for what a reader must have seen. */
function isNamed(name: string): name is FullName {
  return !/^(fractured-read|causality-violation|long-fork)-realtime$/.test(name)
}

/** Without what only goes on from auxiliary nodes. */
function lengthOf(steps: readonly Step[]): number {
  return steps.reduce((length, { kinds }) => (kinds === PASS ? length : length + 1), 0)
}

/** Of each node, the number of its component from 1 on; 0 for none. */
function membership(nodes: number, parts: readonly Int32Array[]): Int32Array {
  const partOf = new Int32Array(nodes)
  for (const [part, members] of parts.entries()) for (const member of members) partOf[member] = part + 1
  return partOf
}
