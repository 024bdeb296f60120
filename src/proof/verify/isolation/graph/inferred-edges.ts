import { IntList } from '../history/int-list.ts'
import type { IsolationHistory } from '../history/isolation-history.ts'
import type { ChainGraph } from './chain-graph.ts'
import { READS_FROM } from './chain-graph.ts'

/** Why an inferred edge must hold; see `InferredEdges`. */
export const OVERWRITTEN = 0
export const READ_BEFORE = 1
export const WRITE_CONFLICT = 2

/**
 * Edges that every commit order must keep, with the reason of each:
 *
 * - `OVERWRITTEN`: `reader` read `key` from the second, and what it saw includes the first, which writes `key` too: so
 *   the first committed before.
 * - `READ_BEFORE`: the first read `key` from `reader` (its writer), and the second, which writes `key` too, comes after
 *   that: so the second committed after the first had read.
 * - `WRITE_CONFLICT`: both write `key`, and the second cannot have committed before the first began: so the first had
 *   committed before the second began.
 */
export class InferredEdges {
  readonly #from = new IntList()
  readonly #to = new IntList()
  readonly #rule = new IntList()
  readonly #third = new IntList()
  readonly #key = new IntList()

  get count(): number {
    return this.#from.length
  }

  get memoryBytes(): number {
    return this.#from.items.byteLength * 5
  }

  add(from: number, to: number, rule: number, third: number, key: number): void {
    const last = this.#from.length - 1
    if (last >= 0 && this.#from.items[last] === from && this.#to.items[last] === to) return
    this.#from.push(from)
    this.#to.push(to)
    this.#rule.push(rule)
    this.#third.push(third)
    this.#key.push(key)
  }

  from(edge: number): number {
    return this.#from.items[edge]!
  }

  to(edge: number): number {
    return this.#to.items[edge]!
  }

  rule(edge: number): number {
    return this.#rule.items[edge]!
  }

  third(edge: number): number {
    return this.#third.items[edge]!
  }

  key(edge: number): number {
    return this.#key.items[edge]!
  }
}

/** How transactions become nodes: one each, or one for its reads (its snapshot) and one for its writes (its commit). */
export class Nodes {
  readonly split: boolean
  readonly count: number
  readonly chainStart: Int32Array
  readonly chainOf: Int32Array

  constructor(history: IsolationHistory, split: boolean) {
    const { sessionStart, sessionOf } = history.arrays
    this.split = split
    this.count = history.transactions * (split ? 2 : 1)
    this.chainStart = split ? sessionStart.map((start) => start * 2) : sessionStart
    if (split) {
      this.chainOf = new Int32Array(this.count)
      for (let node = 0; node < this.count; node++) this.chainOf[node] = sessionOf[node >> 1]!
    } else this.chainOf = sessionOf
  }

  read(transaction: number): number {
    return this.split ? transaction * 2 : transaction
  }

  write(transaction: number): number {
    return this.split ? transaction * 2 + 1 : transaction
  }

  transaction(node: number): number {
    return this.split ? node >> 1 : node
  }
}

/** The graph of what was read from whom and of what was inferred; edges from and to the initial state are left out. */
export function buildGraph(
  history: IsolationHistory,
  nodes: Nodes,
  inferred: InferredEdges | undefined,
): ChainGraph {
  const { readStart, readWriter } = history.arrays
  const start = new Int32Array(nodes.count + 1)
  for (let reader = 0; reader < history.transactions; reader++) {
    const node = nodes.read(reader)
    for (let at = readStart[reader]!; at < readStart[reader + 1]!; at++) {
      if (readWriter[at] !== history.initial) start[node + 1]!++
    }
  }
  const edges = inferred?.count ?? 0
  for (let edge = 0; edge < edges; edge++) start[inferred!.to(edge) + 1]!++
  for (let node = 0; node < nodes.count; node++) start[node + 1]! += start[node]!
  const predecessor = new Int32Array(start[nodes.count]!)
  const label = new Int32Array(predecessor.length)
  const cursor = start.slice(0, nodes.count)
  for (let reader = 0; reader < history.transactions; reader++) {
    const node = nodes.read(reader)
    for (let at = readStart[reader]!; at < readStart[reader + 1]!; at++) {
      if (readWriter[at] === history.initial) continue
      const place = cursor[node]!++
      predecessor[place] = nodes.write(readWriter[at]!)
      label[place] = READS_FROM
    }
  }
  for (let edge = 0; edge < edges; edge++) {
    const place = cursor[inferred!.to(edge)]!++
    predecessor[place] = inferred!.from(edge)
    label[place] = edge
  }
  return {
    chainStart: nodes.chainStart,
    chainOf: nodes.chainOf,
    predecessorStart: start,
    predecessor,
    label,
  }
}
