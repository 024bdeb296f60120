import { assert } from '../../../../foundation/assert.ts'
import { type ChainGraph, orderNodes } from '../graph/chain-graph.ts'
import {
  buildGraph,
  InferredEdges,
  type Nodes,
  OVERWRITTEN,
  READ_BEFORE,
  WRITE_CONFLICT,
} from '../graph/inferred-edges.ts'
import { placeBelow, type WritersByKey } from '../graph/writers-by-key.ts'
import type { IsolationHistory } from '../history/isolation-history.ts'
import { PairTable } from '../history/pair-table.ts'
import type { StaleInitialRead } from '../weak/commit-constraints.ts'
import type { ReadSlots } from './read-slots.ts'

export interface SaturationInput {
  readonly history: IsolationHistory
  readonly nodes: Nodes
  readonly slots: ReadSlots
  readonly byKey: WritersByKey
  /** Transactions that write one key do not overlap. */
  readonly forbidsWriteConflicts: boolean
  readonly memoryBytesMax: number
  /** Told the steps of each stretch of work; true ends it. */
  readonly spend: (steps: number) => boolean
}

export type Saturation =
  | {
      readonly kind: 'cycle'
      readonly graph: ChainGraph
      readonly edges: InferredEdges
      readonly placed: Uint8Array
    }
  | {
      readonly kind: 'stale-initial-read'
      readonly graph: ChainGraph
      readonly edges: InferredEdges
      readonly read: StaleInitialRead
    }
  | {
      readonly kind: 'saturated'
      readonly graph: ChainGraph
      readonly edges: InferredEdges
      /** Per node: how many must come before it, which tells about when it had its turn. */
      readonly rank: Int32Array
      readonly memoryBytes: number
    }
  | { readonly kind: 'spent'; readonly what: 'memory' | 'steps' }

/**
 * Adds edges that every order must keep until none follows any more:
 *
 * 1. What comes before a read, and writes its key, comes before the write that was read (`OVERWRITTEN`).
 * 2. What writes a key and comes after a write that was read comes after the read, too (`READ_BEFORE`).
 * 3. Of two that may not overlap, the one that cannot be second is first (`WRITE_CONFLICT`).
 *
 * "Before" is answered by clocks, one counter for each session and node, made anew in each round; so a round costs
 * what a check of causal consistency does.
 */
export function saturate(input: SaturationInput): Saturation {
  const { history, nodes } = input
  const edges = new InferredEdges()
  const known = new PairTable()
  const clockBytes = nodes.count * history.sessions * 4
  if (clockBytes > input.memoryBytesMax) return { kind: 'spent', what: 'memory' }
  const clocks = new Int32Array(nodes.count * history.sessions)
  for (;;) {
    const graph = buildGraph(history, nodes, edges)
    const { order, placed, complete } = orderNodes(graph)
    if (!complete) return { kind: 'cycle', graph, edges, placed }
    const before = edges.count
    const round = new Round(input, graph, order, clocks, edges, known)
    if (input.spend(round.fillClocks()) || input.spend(round.infer())) return { kind: 'spent', what: 'steps' }
    if (round.staleInitialRead !== undefined) {
      return { kind: 'stale-initial-read', graph, edges, read: round.staleInitialRead }
    }
    const memoryBytes = clockBytes + edges.memoryBytes + known.memoryBytes
    if (memoryBytes > input.memoryBytesMax) return { kind: 'spent', what: 'memory' }
    if (edges.count === before) return { kind: 'saturated', graph, edges, rank: round.ranks(), memoryBytes }
  }
}

class Round {
  readonly #input: SaturationInput
  readonly #graph: ChainGraph
  readonly #order: Int32Array
  readonly #clocks: Int32Array
  readonly #edges: InferredEdges
  readonly #known: PairTable
  readonly #width: number
  staleInitialRead: StaleInitialRead | undefined = undefined

  constructor(
    input: SaturationInput,
    graph: ChainGraph,
    order: Int32Array,
    clocks: Int32Array,
    edges: InferredEdges,
    known: PairTable,
  ) {
    this.#input = input
    this.#graph = graph
    this.#order = order
    this.#clocks = clocks
    this.#edges = edges
    this.#known = known
    this.#width = input.history.sessions
  }

  /** `clocks[node * width + s]`: how many nodes of chain s come before the node. */
  fillClocks(): number {
    const { chainStart, chainOf, predecessorStart, predecessor } = this.#graph
    const clocks = this.#clocks
    const width = this.#width
    let steps = 0
    for (const node of this.#order) {
      const chain = chainOf[node]!
      const base = node * width
      if (node === chainStart[chain]) clocks.fill(0, base, base + width)
      else clocks.copyWithin(base, base - width, base)
      clocks[base + chain] = node - chainStart[chain]!
      steps += width
      for (let at = predecessorStart[node]!; at < predecessorStart[node + 1]!; at++) {
        const from = predecessor[at]!
        const fromChain = chainOf[from]!
        const place = from - chainStart[fromChain]!
        if (clocks[base + fromChain]! > place) continue
        const fromBase = from * width
        for (let i = 0; i < width; i++) {
          if (clocks[fromBase + i]! > clocks[base + i]!) clocks[base + i] = clocks[fromBase + i]!
        }
        clocks[base + fromChain] = place + 1
        steps += width
      }
    }
    return steps
  }

  ranks(): Int32Array {
    return Int32Array.from(this.#order, (_, node) => {
      let sum = 0
      for (let at = node * this.#width; at < (node + 1) * this.#width; at++) sum += this.#clocks[at]!
      return sum
    })
  }

  infer(): number {
    const { history, slots, forbidsWriteConflicts } = this.#input
    const { writeStart, writeKey } = history.arrays
    let steps = 0
    for (let reader = 0; reader < history.transactions; reader++) {
      for (let at = slots.slotStart[reader]!; at < slots.slotStart[reader + 1]!; at++) {
        steps += this.#inferFromRead(reader, slots.slotKey[at]!, slots.slotWriter[at]!)
      }
      if (!forbidsWriteConflicts) continue
      for (let at = writeStart[reader]!; at < writeStart[reader + 1]!; at++) {
        steps += this.#inferFromWrite(reader, writeKey[at]!)
      }
    }
    return steps
  }

  #before(one: number, other: number): boolean {
    const { chainOf, chainStart } = this.#graph
    const chain = chainOf[one]!
    return this.#clocks[other * this.#width + chain]! > one - chainStart[chain]!
  }

  #add(from: number, to: number, rule: number, third: number, key: number): void {
    assert(from !== to, 'no node comes before itself')
    if (!this.#before(from, to) && this.#known.add(from, to)) this.#edges.add(from, to, rule, third, key)
  }

  #inferFromRead(reader: number, key: number, writer: number): number {
    const { history, nodes, byKey } = this.#input
    const { sessionStart } = history.arrays
    const scale = nodes.split ? 2 : 1
    const readNode = nodes.read(reader)
    const isInitial = writer === history.initial
    const writeNode = isInitial ? -1 : nodes.write(writer)
    const groupEnd = byKey.groupStart[key + 1]!
    for (let group = byKey.groupStart[key]!; group < groupEnd; group++) {
      const session = byKey.groupSession[group]!
      const start = byKey.writerStart[group]!
      const end = byKey.writerStart[group + 1]!
      const first = sessionStart[session]!
      // Transactions of the session that committed before the read: their writes are among its nodes' first.
      const committed = first + Math.floor(this.#clocks[readNode * this.#width + session]! / scale)
      const place = placeBelow(byKey.writers, start, end, committed, start)
      if (place > start) {
        const overwriter = byKey.writers[place - 1]!
        if (overwriter !== writer && overwriter !== reader) {
          if (isInitial) this.staleInitialRead ??= { reader, key, overwriter }
          else this.#add(nodes.write(overwriter), writeNode, OVERWRITTEN, reader, key)
        }
      }
      const later = this.#firstAfter(writeNode, start, end)
      if (later < end) {
        const overwriter = byKey.writers[later]!
        if (overwriter !== reader) this.#add(readNode, nodes.write(overwriter), READ_BEFORE, writer, key)
      }
    }
    return groupEnd - byKey.groupStart[key]! + 1
  }

  /** The first of some writers of one session that commits after a node; the initial state (-1) is before all. */
  #firstAfter(node: number, start: number, end: number): number {
    if (node === -1) return start
    const { byKey, nodes } = this.#input
    let low = start
    let high = end
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#before(node, nodes.write(byKey.writers[middle]!))) high = middle
      else low = middle + 1
    }
    return low
  }

  #inferFromWrite(writer: number, key: number): number {
    const { history, nodes, byKey } = this.#input
    const { sessionStart } = history.arrays
    const writeNode = nodes.write(writer)
    const groupEnd = byKey.groupStart[key + 1]!
    for (let group = byKey.groupStart[key]!; group < groupEnd; group++) {
      const session = byKey.groupSession[group]!
      const start = byKey.writerStart[group]!
      // Transactions of the session that began before this one commits: an odd count has one that only began.
      const begun = sessionStart[session]! + Math.ceil(this.#clocks[writeNode * this.#width + session]! / 2)
      let place = placeBelow(byKey.writers, start, byKey.writerStart[group + 1]!, begun, start)
      if (place > start && byKey.writers[place - 1] === writer) place--
      if (place === start) continue
      const other = byKey.writers[place - 1]!
      this.#add(nodes.write(other), nodes.read(writer), WRITE_CONFLICT, writer, key)
    }
    return groupEnd - byKey.groupStart[key]! + 1
  }
}
