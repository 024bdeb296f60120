import { type CycleAnomaly, modelsRuledOutBy } from '../consistency/anomaly-name.ts'
import { type ConsistencyModel, isOfSteps } from '../consistency/consistency-model.ts'
import { modelStanding } from '../consistency/model-standing.ts'
import type { Effort } from '../effort.ts'
import { findComponents } from '../graph/components.ts'
import { ANY_RW, PASS, PROCESS, REAL_TIME, WR, WW } from '../graph/edge-kind.ts'
import type { Graph } from '../graph/graph.ts'
import { subgraph } from '../graph/subgraph.ts'
import { ComponentSearch } from './component-search.ts'
import { type Cycle, orderBits, type Suffix, type TransactionFacts } from './cycle.ts'

export interface CycleOptions extends TransactionFacts {
  /** Nodes below this are transactions, the others auxiliary. */
  readonly transactions: number
  /** The graph has the order of each client's transactions. */
  readonly process: boolean
  /** It has the order of real time. */
  readonly realTime: boolean
  /** How many cycles of one name to look for. */
  readonly examplesMax: number
  /** What is violated already: with cycles of orders only what is new is looked for. */
  readonly ruledOut: readonly ConsistencyModel[]
  /** What the store claims. Of single objects some cycles tell, others do not: then a few of each name are looked at. */
  readonly claimed: ConsistencyModel
}

/**
 * Short cycles of each class that the graph has, the strictest classes first. A model that forbids a class of cycles is
 * violated exactly when one is returned that rules it out, unless the effort was spent.
 */
export function findCycles(graph: Graph, options: CycleOptions, effort: Effort): Cycle[] {
  const search = new Found(options)
  for (const suffix of ['', '-process', '-realtime'] as const) {
    if (suffix === '-process' && !options.process) continue
    if (suffix === '-realtime' && !options.realTime) continue
    if (suffix !== '' && familyNames.every((name) => search.isKnown(`${name}${suffix}`))) continue
    searchStage(graph, suffix, options, search, effort)
    if (effort.isOver) break
  }
  return search.cycles
}

/** One name of each class that stands for its models with every suffix. */
const familyNames = ['G0', 'G1c', 'G-single-item', 'G-nonadjacent-item', 'G2-item', 'G2'] as const

function searchStage(
  graph: Graph,
  suffix: Suffix,
  options: CycleOptions,
  found: Found,
  effort: Effort,
): void {
  const allowed = WW | WR | ANY_RW | PASS | orderBits(suffix)
  const components = findComponents(graph, allowed, effort)
  if (components === undefined || components.length === 0) return
  // Small ones first: they are cheap, and their cycles are easy to follow.
  components.sort((left, right) => left.length - right.length)
  const numbers = new Int32Array(graph.nodes)
  for (const component of components) {
    if (effort.isOver || found.isEnough(suffix)) return
    const part = subgraph(graph, component, allowed, numbers)
    if (suffix !== '' && !part.kinds.some((kinds) => (kinds & (PROCESS | REAL_TIME)) !== 0)) continue
    new ComponentSearch(part, suffix, options, found.within(), effort).run()
  }
}

/** What one component's search asks and tells. */
export interface Collector {
  /** Whether a cycle of this name would tell something new. */
  wants(name: CycleAnomaly): boolean
  add(cycle: Cycle): void
}

class Found {
  readonly cycles: Cycle[] = []
  readonly #examplesMax: number
  readonly #counts = new Map<CycleAnomaly, number>()
  #violated: ReadonlySet<ConsistencyModel>
  readonly #seen = new Set<string>()
  readonly #claimed: ConsistencyModel

  constructor({ examplesMax, ruledOut, claimed }: CycleOptions) {
    this.#examplesMax = examplesMax
    this.#claimed = claimed
    this.#violated = new Set(modelStanding(ruledOut).violated)
  }

  isKnown(name: CycleAnomaly): boolean {
    return !this.#mayTell(name) && modelsRuledOutBy(name).every((model) => this.#violated.has(model))
  }

  /** Whether a cycle of this name may yet rule out what is claimed of single objects. */
  #mayTell(name: CycleAnomaly): boolean {
    if (!isOfSteps(this.#claimed) || this.#violated.has(this.#claimed)) return false
    return isOrdered(name) && (this.#counts.get(name) ?? 0) < this.#examplesMax
  }

  isEnough(suffix: Suffix): boolean {
    return familyNames.every((name) => {
      const full = `${name}${suffix}` as const
      return this.isKnown(full) && (suffix !== '' || (this.#counts.get(full) ?? 0) >= this.#examplesMax)
    })
  }

  within(): Collector {
    let local = 0
    return {
      wants: (name) => {
        if (!this.isKnown(name)) return true
        return !isOrdered(name) && local === 0 && (this.#counts.get(name) ?? 0) < this.#examplesMax
      },
      add: (cycle) => {
        const key = cycle.edges.map(({ from, kind }) => `${from}${kind}`).join(' ')
        if (this.#seen.has(key)) return
        this.#seen.add(key)
        const count = (this.#counts.get(cycle.name) ?? 0) + 1
        this.#counts.set(cycle.name, count)
        this.#violated = new Set(modelStanding([...this.#violated, ...cycle.rulesOut]).violated)
        local++
        this.cycles.push(cycle)
      },
    }
  }
}

const isOrdered = (name: CycleAnomaly): boolean => name.endsWith('-process') || name.endsWith('-realtime')
