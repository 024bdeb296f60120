import { assert } from '../../../../foundation/assert.ts'

/**
 * Nodes in chains, each node before the next of its chain, and edges between chains. Nodes are numbered chain by chain.
 *
 * Edges are kept by their end, because every algorithm here asks what comes before a node.
 */
export interface ChainGraph {
  /** Nodes of chain c are `chainStart[c]` up to, without, `chainStart[c + 1]`. */
  readonly chainStart: Int32Array
  readonly chainOf: Int32Array
  /** What must come before node n: `predecessorStart[n]` up to, without, `predecessorStart[n + 1]`. */
  readonly predecessorStart: Int32Array
  readonly predecessor: Int32Array
  /** Per entry of `predecessor`: `READS_FROM`, or the number of an inferred edge. */
  readonly label: Int32Array
}

/** Labels of edges that are no inferences. */
export const READS_FROM = -1
export const SAME_CHAIN = -2

export interface LabelledEdge {
  readonly from: number
  readonly to: number
  readonly label: number
}

/**
 * An order of all nodes that keeps every edge, or undefined if there is a cycle: then `placed` tells what has a place
 * before any cycle. The chains advance in turn, so that nodes at like places of their chains come near each other.
 *
 * Each chain's next node waits at one predecessor that is missing, so that every edge is looked at once.
 */
export function orderNodes(graph: ChainGraph): { order: Int32Array; placed: Uint8Array; complete: boolean } {
  const { chainStart, predecessorStart, predecessor } = graph
  const chains = chainStart.length - 1
  const nodes = chainStart[chains]!
  const order = new Int32Array(nodes)
  const placed = new Uint8Array(nodes)
  const cursor = predecessorStart.slice(0, nodes)
  const next = chainStart.slice(0, chains)
  // Chains whose next node waits for a node: a list that begins at the node.
  const waiting = new Int32Array(nodes).fill(-1)
  const waitingNext = new Int32Array(chains).fill(-1)
  const queue = new Int32Array(chains)
  let [head, queued, count] = [0, 0, 0]
  const enqueue = (chain: number): void => {
    let tail = head + queued++
    if (tail >= chains) tail -= chains
    queue[tail] = chain
  }
  for (let chain = 0; chain < chains; chain++) enqueue(chain)
  while (queued > 0) {
    const chain = queue[head]!
    head = head + 1 === chains ? 0 : head + 1
    queued--
    const node = next[chain]!
    if (node === chainStart[chain + 1]) continue
    const end = predecessorStart[node + 1]!
    let at = cursor[node]!
    while (at < end && placed[predecessor[at]!] === 1) at++
    cursor[node] = at
    if (at < end) {
      const missing = predecessor[at]!
      waitingNext[chain] = waiting[missing]!
      waiting[missing] = chain
      continue
    }
    placed[node] = 1
    order[count++] = node
    next[chain] = node + 1
    enqueue(chain)
    for (let woken = waiting[node]!; woken !== -1; ) {
      const following = waitingNext[woken]!
      enqueue(woken)
      woken = following
    }
  }
  return { order, placed, complete: count === nodes }
}

/** Looked at, at most, to find a short cycle; the first one found is kept in any case. */
const VISITS_MAX = 4_000_000

/**
 * A short cycle among the nodes that `orderNodes` could not place: the shortest one through as many of them as the
 * bound on work allows.
 */
export function shortCycle(graph: ChainGraph, placed: Uint8Array): LabelledEdge[] {
  const nodes = placed.length
  let best: LabelledEdge[] | undefined
  const seenFor = new Int32Array(nodes).fill(-1)
  let visits = 0
  // Nodes that only come after a cycle are among them too: walk back once, into one.
  let inside = placed.indexOf(0)
  assert(inside >= 0, 'a node without a place is there')
  const walked = new Uint8Array(nodes)
  while (walked[inside] === 0) {
    walked[inside] = 1
    inside = unplacedPredecessor(graph, inside, placed)
  }
  const starts = [inside]
  for (let node = 0; node < nodes; node++) {
    if (placed[node] === 0 && node !== inside) starts.push(node)
  }
  for (const start of starts) {
    if (best !== undefined && (visits > VISITS_MAX || best.length <= 2)) break
    const found = shortestCycleThrough(graph, start, placed, seenFor, best?.length ?? nodes + 1)
    visits += found.visits
    best = found.cycle ?? best
  }
  assert(best !== undefined, 'nodes that have no order have a cycle')
  return best
}

function unplacedPredecessor(graph: ChainGraph, node: number, placed: Uint8Array): number {
  for (let at = graph.predecessorStart[node]!; at < graph.predecessorStart[node + 1]!; at++) {
    if (placed[graph.predecessor[at]!] === 0) return graph.predecessor[at]!
  }
  const first = graph.chainStart[graph.chainOf[node]!]
  assert(node !== first && placed[node - 1] === 0, 'what has no place waits for what has none')
  return node - 1
}

/** Breadth first, backwards from `start` to itself, among the nodes without a place. */
function shortestCycleThrough(
  graph: ChainGraph,
  start: number,
  placed: Uint8Array,
  seenFor: Int32Array,
  lengthMax: number,
): { cycle: LabelledEdge[] | undefined; visits: number } {
  const path = shortestPath(graph, start, start, {
    enter: (node) => {
      if (placed[node] === 1 || seenFor[node] === start) return false
      seenFor[node] = start
      return true
    },
    lengthMax,
  })
  return { cycle: path.edges, visits: path.visits }
}

export interface PathOptions {
  /** True if the search goes on at this node; asked once for each time it is met. */
  readonly enter: (node: number) => boolean
  /** Only paths shorter than this count. */
  readonly lengthMax: number
  /** Inferred edges from this number on are left out. */
  readonly labelEnd?: number
}

/** The shortest path of at least one edge from `from` to `to`, found backwards. */
export function shortestPath(
  graph: ChainGraph,
  from: number,
  to: number,
  options: PathOptions,
): { edges: LabelledEdge[] | undefined; visits: number } {
  const labelEnd = options.labelEnd ?? Number.POSITIVE_INFINITY
  const found: { node: number; after: number; label: number; depth: number }[] = [
    { node: to, after: -1, label: 0, depth: 0 },
  ]
  let visits = 0
  for (let at = 0; at < found.length; at++) {
    const { node, depth } = found[at]!
    if (depth + 1 >= options.lengthMax) break
    const step = (predecessor: number, label: number): boolean => {
      visits++
      if (label >= labelEnd) return false
      if (predecessor === from) {
        found.push({ node: predecessor, after: at, label, depth: depth + 1 })
        return true
      }
      if (options.enter(predecessor)) found.push({ node: predecessor, after: at, label, depth: depth + 1 })
      return false
    }
    let done = false
    for (let i = graph.predecessorStart[node]!; i < graph.predecessorStart[node + 1]! && !done; i++) {
      done = step(graph.predecessor[i]!, graph.label[i]!)
    }
    const hasBefore = node !== graph.chainStart[graph.chainOf[node]!]
    if (!done && hasBefore) done = step(node - 1, SAME_CHAIN)
    if (done) return { edges: edgesFrom(found), visits }
  }
  return { edges: undefined, visits }
}

function edgesFrom(found: readonly { node: number; after: number; label: number }[]): LabelledEdge[] {
  const edges: LabelledEdge[] = []
  let entry = found.at(-1)!
  while (entry.after !== -1) {
    const next = found[entry.after]!
    edges.push({ from: entry.node, to: next.node, label: entry.label })
    entry = next
  }
  return edges
}
