import type { ChainGraph } from '../graph/chain-graph.ts'
import { READS_FROM } from '../graph/chain-graph.ts'
import type { Nodes } from '../graph/inferred-edges.ts'
import { IntList } from '../history/int-list.ts'
import type { IsolationHistory } from '../history/isolation-history.ts'
import { FrontierSet } from './frontier-set.ts'
import type { ReadSlots } from './read-slots.ts'

export interface SearchInput {
  readonly history: IsolationHistory
  readonly nodes: Nodes
  readonly slots: ReadSlots
  /** What must come before what, as far as saturation found out. */
  readonly graph: ChainGraph
  /** An order that keeps the graph: among equal choices its first goes first. */
  readonly order: Int32Array
  readonly forbidsWriteConflicts: boolean
  readonly memoryBytesMax: number
  /** Told the steps of each stretch of work; true ends the search. */
  readonly spend: (steps: number) => boolean
}

export type SearchResult = SearchEnd & { readonly memoryBytes: number }

type SearchEnd =
  | { readonly kind: 'found'; readonly order: Int32Array }
  /** `frontier`: how far the sessions came in the order that placed most. */
  | { readonly kind: 'none'; readonly frontier: Int32Array; readonly tried: number }
  | { readonly kind: 'spent'; readonly what: 'memory' | 'steps' }

const STEPS_BETWEEN_LOOKS = 1 << 13

/**
 * Looks for an order of all nodes in which each read finds the last write before it (Biswas and Enea 2019, section 5):
 * sessions advance node by node, and whether the rest can be placed depends on nothing but how far each has come,
 * because a version that has readers left must be the newest. So each frontier is tried once.
 */
export function searchOrder(input: SearchInput): SearchResult {
  return new Search(input).run()
}

class Search {
  readonly #input: SearchInput
  readonly #chains: number
  /** Per chain: how many nodes are placed. */
  readonly #frontier: Int32Array
  /** Per key: who wrote the newest version, and how many of its readers are not placed. */
  readonly #newest: Int32Array
  readonly #pending: Int32Array
  /** Per key: the transaction that has begun, writes it and has not committed; -1 if there is none. */
  readonly #lockedBy: Int32Array
  /** Per key: writers that are not placed. */
  readonly #writersLeft: Int32Array
  readonly #rank: Int32Array
  readonly #trail: Int32Array
  #placed = 0
  /** For each write on the trail, who wrote the newest version before. */
  readonly #overwritten = new IntList()
  readonly #failed: FrontierSet
  #best = -1
  #bestFrontier: Int32Array
  #steps = 0
  #nextChain = 0

  constructor(input: SearchInput) {
    const { history, nodes, slots, order } = input
    this.#input = input
    this.#chains = history.sessions
    this.#frontier = new Int32Array(this.#chains)
    this.#bestFrontier = this.#frontier.slice()
    this.#newest = new Int32Array(history.keys).fill(history.initial)
    this.#pending = slots.readers.slice(history.arrays.writeKey.length)
    this.#lockedBy = new Int32Array(history.keys).fill(-1)
    this.#writersLeft = slots.writersOfKey.slice()
    this.#rank = new Int32Array(nodes.count)
    for (let place = 0; place < order.length; place++) this.#rank[order[place]!] = place
    this.#trail = new Int32Array(nodes.count)
    this.#failed = new FrontierSet(this.#chains)
  }

  run(): SearchResult {
    // A frame: nodes to choose from, in `choices` from `start`, best last, and the trail's length before the choice.
    const choices = new IntList()
    const frames: { start: number; trail: number }[] = []
    let looked = 0
    for (;;) {
      this.#placeWhatIsSafe()
      if (this.#placed === this.#trail.length) return this.#end({ kind: 'found', order: this.#trail })
      if (this.#steps - looked > STEPS_BETWEEN_LOOKS) {
        if (this.#input.spend(this.#steps - looked)) return this.#end({ kind: 'spent', what: 'steps' })
        looked = this.#steps
        if (this.#failed.memoryBytes > this.#input.memoryBytesMax) {
          return this.#end({ kind: 'spent', what: 'memory' })
        }
      }
      const start = choices.length
      if (!this.#failed.has(this.#frontier)) this.#collectChoices(choices)
      if (choices.length > start) frames.push({ start, trail: this.#placed })
      else {
        this.#keepBest()
        for (;;) {
          const frame = frames.at(-1)
          if (frame === undefined) {
            return this.#end({ kind: 'none', frontier: this.#bestFrontier, tried: this.#failed.size + 1 })
          }
          while (this.#placed > frame.trail) this.#undo()
          if (choices.length > frame.start) break
          this.#failed.add(this.#frontier)
          frames.pop()
        }
      }
      this.#place(choices.items[--choices.length]!)
    }
  }

  #end(end: SearchEnd): SearchResult {
    const { nodes, history } = this.#input
    return { ...end, memoryBytes: this.#failed.memoryBytes + 12 * nodes.count + 16 * history.keys }
  }

  #keepBest(): void {
    if (this.#placed <= this.#best) return
    this.#best = this.#placed
    this.#bestFrontier = this.#frontier.slice()
  }

  /** Places nodes for which nothing else can be better, now or later, until there are none. */
  #placeWhatIsSafe(): void {
    let idle = 0
    while (idle < this.#chains) {
      const chain = this.#nextChain
      const node = this.#head(chain)
      if (node >= 0 && this.#isEnabled(node) && this.#isSafe(node)) {
        this.#place(node)
        idle = 0
        continue
      }
      idle++
      this.#nextChain = chain + 1 === this.#chains ? 0 : chain + 1
    }
  }

  #head(chain: number): number {
    const { chainStart } = this.#input.nodes
    const node = chainStart[chain]! + this.#frontier[chain]!
    return node < chainStart[chain + 1]! ? node : -1
  }

  #collectChoices(choices: IntList): void {
    const start = choices.length
    for (let chain = 0; chain < this.#chains; chain++) {
      const node = this.#head(chain)
      if (node >= 0 && this.#isEnabled(node)) choices.push(node)
    }
    choices.items.subarray(start, choices.length).sort((one, other) => this.#rank[other]! - this.#rank[one]!)
  }

  #isRead(node: number): boolean {
    return !this.#input.nodes.split || (node & 1) === 0
  }

  #isWrite(node: number): boolean {
    return !this.#input.nodes.split || (node & 1) === 1
  }

  #isEnabled(node: number): boolean {
    this.#steps++
    const { graph, nodes, history, slots, forbidsWriteConflicts } = this.#input
    for (let at = graph.predecessorStart[node]!; at < graph.predecessorStart[node + 1]!; at++) {
      if (graph.label[at] === READS_FROM) continue
      const from = graph.predecessor[at]!
      const chain = graph.chainOf[from]!
      if (this.#frontier[chain]! <= from - graph.chainStart[chain]!) return false
    }
    const transaction = nodes.transaction(node)
    const { writeStart, writeKey } = history.arrays
    if (this.#isRead(node)) {
      for (let at = slots.slotStart[transaction]!; at < slots.slotStart[transaction + 1]!; at++) {
        if (this.#newest[slots.slotKey[at]!] !== slots.slotWriter[at]) return false
      }
      if (forbidsWriteConflicts) {
        for (let at = writeStart[transaction]!; at < writeStart[transaction + 1]!; at++) {
          if (this.#lockedBy[writeKey[at]!] !== -1) return false
        }
      }
    }
    if (this.#isWrite(node)) {
      for (let at = writeStart[transaction]!; at < writeStart[transaction + 1]!; at++) {
        const key = writeKey[at]!
        const pending = this.#pending[key]!
        if (pending > 1) return false
        // Undivided, the transaction may be the one reader that is left.
        if (pending === 1 && (nodes.split || !this.#reads(transaction, key))) return false
      }
    }
    return true
  }

  #reads(transaction: number, key: number): boolean {
    const { slotStart, slotKey } = this.#input.slots
    for (let at = slotStart[transaction]!; at < slotStart[transaction + 1]!; at++) {
      if (slotKey[at] === key) return true
    }
    return false
  }

  /** Of an enabled node: any order of the rest stays one when the node is moved to its front. */
  #isSafe(node: number): boolean {
    const { nodes, history, slots, forbidsWriteConflicts } = this.#input
    const { writeStart, writeKey } = history.arrays
    const transaction = nodes.transaction(node)
    const start = writeStart[transaction]!
    const end = writeStart[transaction + 1]!
    const locks = forbidsWriteConflicts && this.#isRead(node)
    if (!locks && !this.#isWrite(node)) return true
    for (let at = start; at < end; at++) {
      // Nobody else writes the key later: nobody is kept waiting.
      if (this.#writersLeft[writeKey[at]!] === 1) continue
      // Nobody reads the version: it can be overwritten at once. A lock has to end first.
      if (!locks && slots.readers[at] === 0) continue
      return false
    }
    return true
  }

  #place(node: number): void {
    const { nodes, history, slots, forbidsWriteConflicts } = this.#input
    const transaction = nodes.transaction(node)
    const { writeStart, writeKey } = history.arrays
    if (this.#isRead(node)) {
      for (let at = slots.slotStart[transaction]!; at < slots.slotStart[transaction + 1]!; at++) {
        this.#pending[slots.slotKey[at]!]!--
      }
      if (forbidsWriteConflicts) this.#lock(transaction, transaction)
    }
    if (this.#isWrite(node)) {
      for (let at = writeStart[transaction]!; at < writeStart[transaction + 1]!; at++) {
        const key = writeKey[at]!
        this.#overwritten.push(this.#newest[key]!)
        this.#newest[key] = transaction
        this.#pending[key] = slots.readers[at]!
        this.#writersLeft[key]!--
      }
      if (forbidsWriteConflicts) this.#lock(transaction, -1)
    }
    this.#frontier[this.#input.graph.chainOf[node]!]!++
    this.#trail[this.#placed++] = node
  }

  #undo(): void {
    const { nodes, history, slots, forbidsWriteConflicts } = this.#input
    const node = this.#trail[--this.#placed]!
    const transaction = nodes.transaction(node)
    const { writeStart, writeKey } = history.arrays
    this.#frontier[this.#input.graph.chainOf[node]!]!--
    if (this.#isWrite(node)) {
      for (let at = writeStart[transaction + 1]! - 1; at >= writeStart[transaction]!; at--) {
        const key = writeKey[at]!
        this.#newest[key] = this.#overwritten.items[--this.#overwritten.length]!
        // It could be overwritten, so nobody was left to read it.
        this.#pending[key] = 0
        this.#writersLeft[key]!++
      }
      if (forbidsWriteConflicts) this.#lock(transaction, transaction)
    }
    if (this.#isRead(node)) {
      for (let at = slots.slotStart[transaction]!; at < slots.slotStart[transaction + 1]!; at++) {
        this.#pending[slots.slotKey[at]!]!++
      }
      if (forbidsWriteConflicts) this.#lock(transaction, -1)
    }
  }

  #lock(transaction: number, holder: number): void {
    const { writeStart, writeKey } = this.#input.history.arrays
    for (let at = writeStart[transaction]!; at < writeStart[transaction + 1]!; at++) {
      this.#lockedBy[writeKey[at]!] = holder
    }
  }
}
