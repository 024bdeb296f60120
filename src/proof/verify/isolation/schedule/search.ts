import type { ChainGraph } from '../graph/chain-graph.ts'
import { READS_FROM } from '../graph/chain-graph.ts'
import type { Nodes } from '../graph/inferred-edges.ts'
import { IntList } from '../history/int-list.ts'
import type { IsolationHistory } from '../history/isolation-history.ts'
import { hashPair } from '../history/pair-table.ts'
import { FrontierSet } from './frontier-set.ts'
import type { ReadSlots } from './read-slots.ts'

export interface SearchInput {
  readonly history: IsolationHistory
  readonly nodes: Nodes
  readonly slots: ReadSlots
  /** What must come before what, as far as saturation found out. */
  readonly graph: ChainGraph
  /** Per node: of the choices that there are, the lowest goes first. */
  readonly rank: Int32Array
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
/** After so many dead ends in one place the search leaves it, and goes back about so many choices. */
const DEAD_ENDS_MAX = 32
/** Nodes that a look ahead walks over, at first, and at most; what it does not find is found out later. */
const WALK_MIN = 1 << 6
const WALK_MAX = 1 << 12

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
  /** Per key: the newest version, as `ReadSlots` numbers them. */
  readonly #version: Int32Array
  /** Per key: the transaction that has begun, writes it and has not committed; -1 if there is none. */
  readonly #lockedBy: Int32Array
  /** Per key: writers that are not placed. */
  readonly #writersLeft: Int32Array
  readonly #rank: Int32Array
  readonly #trail: Int32Array
  #placed = 0
  /** For each write on the trail, who wrote the newest version before, and which it was. */
  readonly #overwritten = new IntList()
  readonly #failed: FrontierSet
  /** The last walk that came by a node. */
  readonly #visited: Int32Array
  #walk = 0
  readonly #found = new IntList()
  #best = -1
  #bestFrontier: Int32Array
  #steps = 0
  #nextChain = 0
  #deadEnds = 0
  #deadEndsMax = DEAD_ENDS_MAX
  /** Grows where the search met many dead ends. */
  #walkMax = WALK_MIN
  /** Changes the order of choices. */
  #turn = 0

  constructor(input: SearchInput) {
    const { history, nodes, slots } = input
    this.#input = input
    this.#chains = history.sessions
    this.#frontier = new Int32Array(this.#chains)
    this.#bestFrontier = this.#frontier.slice()
    this.#newest = new Int32Array(history.keys).fill(history.initial)
    this.#version = new Int32Array(history.keys).map((_, key) => history.arrays.writeKey.length + key)
    this.#pending = slots.readers.slice(history.arrays.writeKey.length)
    this.#lockedBy = new Int32Array(history.keys).fill(-1)
    this.#writersLeft = slots.writersOfKey.slice()
    this.#rank = input.rank
    this.#trail = new Int32Array(nodes.count)
    this.#failed = new FrontierSet(this.#chains)
    this.#visited = new Int32Array(nodes.count)
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
      frames.push({ start, trail: this.#placed })
      if (!this.#chooseNext(frames, choices)) {
        return this.#end({ kind: 'none', frontier: this.#bestFrontier, tried: this.#failed.size })
      }
    }
  }

  /** Goes back to the last frame that has something left to choose, and places that; false if there is none. */
  #chooseNext(frames: { start: number; trail: number }[], choices: IntList): boolean {
    for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
      if (this.#placed > frame.trail) this.#keepBest()
      while (this.#placed > frame.trail) this.#undo()
      while (choices.length > frame.start) {
        const node = choices.items[--choices.length]!
        if (this.#isDoomed(node)) continue
        this.#place(node)
        return true
      }
      this.#keepBest()
      this.#failed.add(this.#frontier)
      frames.pop()
      if (++this.#deadEnds >= this.#deadEndsMax) this.#leave(frames, choices)
    }
    return false
  }

  /**
   * Goes back further than the dead ends ask for, twice as far each time, and chooses in another order from there. What
   * was found to lead nowhere is remembered, so that nothing is lost by it, and the search still ends.
   */
  #leave(frames: { start: number; trail: number }[], choices: IntList): void {
    const kept = Math.max(0, frames.length - this.#deadEndsMax)
    const frame = frames[kept]
    this.#deadEnds = 0
    this.#deadEndsMax *= 2
    this.#walkMax = Math.min(WALK_MAX, this.#walkMax * 4)
    if (frame === undefined) return
    while (this.#placed > frame.trail) this.#undo()
    frames.length = kept + 1
    choices.length = frame.start
    this.#turn++
    this.#collectChoices(choices)
  }

  #end(end: SearchEnd): SearchResult {
    const { nodes, history } = this.#input
    return { ...end, memoryBytes: this.#failed.memoryBytes + 12 * nodes.count + 16 * history.keys }
  }

  #keepBest(): void {
    if (this.#placed <= this.#best) return
    this.#best = this.#placed
    this.#deadEnds = 0
    this.#deadEndsMax = DEAD_ENDS_MAX
    this.#walkMax = WALK_MIN
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
    // Commits before snapshots, and those snapshots first whose commit can follow at once: what they lock, others need.
    const count = this.#rank.length
    const rank = (node: number): number => {
      const place = this.#rank[node]! + (this.#turn === 0 ? 0 : hashPair(node, this.#turn) & 0xff)
      return this.#isWrite(node) ? place : this.#mayEnd(node + 1) ? place + count : place + 2 * count
    }
    choices.items.subarray(start, choices.length).sort((one, other) => rank(other) - rank(one))
  }

  #isRead(node: number): boolean {
    return !this.#input.nodes.split || (node & 1) === 0
  }

  #isWrite(node: number): boolean {
    return !this.#input.nodes.split || (node & 1) === 1
  }

  #isEnabled(node: number): boolean {
    this.#steps++
    if (!this.#hasPredecessors(node)) return false
    const { nodes, history, slots, forbidsWriteConflicts } = this.#input
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
    return !this.#isWrite(node) || this.#leavesNoReader(transaction, !nodes.split)
  }

  /** Whether a commit could follow its own snapshot at once. */
  #mayEnd(node: number): boolean {
    return this.#hasPredecessors(node) && this.#leavesNoReader(this.#input.nodes.transaction(node), true)
  }

  #hasPredecessors(node: number): boolean {
    const { graph } = this.#input
    for (let at = graph.predecessorStart[node]!; at < graph.predecessorStart[node + 1]!; at++) {
      if (graph.label[at] === READS_FROM) continue
      const from = graph.predecessor[at]!
      const chain = graph.chainOf[from]!
      if (this.#frontier[chain]! <= from - graph.chainStart[chain]!) return false
    }
    return true
  }

  /** Whether nobody still has to read what a transaction overwrites, but perhaps itself. */
  #leavesNoReader(transaction: number, butItself: boolean): boolean {
    const { writeStart, writeKey } = this.#input.history.arrays
    for (let at = writeStart[transaction]!; at < writeStart[transaction + 1]!; at++) {
      const key = writeKey[at]!
      const pending = this.#pending[key]!
      if (pending > 1) return false
      if (pending === 1 && !(butItself && this.#reads(transaction, key))) return false
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

  /**
   * Whether an enabled node, placed now, can never be followed by all the rest: if a reader of what it writes has to wait
   * for another writer of that key, which has to wait for that reader; or the end of a lock for another that needs it.
   */
  #isDoomed(node: number): boolean {
    const { nodes, history, slots, forbidsWriteConflicts } = this.#input
    const { writeStart, writeKey } = history.arrays
    const transaction = nodes.transaction(node)
    if (!this.#isWrite(node)) {
      if (!forbidsWriteConflicts) return false
      this.#startWalk()
      this.#visitBefore(node + 1, -1)
      return this.#walkFinds(node, -1)
    }
    for (let at = writeStart[transaction]!; at < writeStart[transaction + 1]!; at++) {
      if (slots.readers[at] === 0 || this.#writersLeft[writeKey[at]!] === 1) continue
      this.#startWalk()
      this.#visitReaders(at)
      if (this.#walkFinds(node, writeKey[at]!)) return true
    }
    return false
  }

  #startWalk(): void {
    this.#walk++
    this.#found.length = 0
  }

  #visit(node: number): void {
    const chain = this.#input.graph.chainOf[node]!
    if (node - this.#input.nodes.chainStart[chain]! < this.#frontier[chain]!) return
    if (this.#visited[node] === this.#walk) return
    this.#visited[node] = this.#walk
    this.#found.push(node)
  }

  #visitReaders(version: number): void {
    const { slots, nodes } = this.#input
    for (let at = slots.readerStart[version]!; at < slots.readerStart[version + 1]!; at++) {
      this.#visit(nodes.read(slots.readerOf[at]!))
    }
  }

  /** What has no place yet and has to come before a node, if `placing` is placed now. */
  #visitBefore(node: number, placing: number): void {
    const { graph, nodes, history, forbidsWriteConflicts } = this.#input
    const { writeStart, writeKey } = history.arrays
    const transaction = nodes.transaction(node)
    if (node > nodes.chainStart[graph.chainOf[node]!]!) this.#visit(node - 1)
    for (let at = graph.predecessorStart[node]!; at < graph.predecessorStart[node + 1]!; at++) {
      this.#visit(graph.predecessor[at]!)
    }
    if (this.#isWrite(node)) {
      for (let at = writeStart[transaction]!; at < writeStart[transaction + 1]!; at++) {
        const key = writeKey[at]!
        if (placing !== -1 && history.writes(placing, key)) {
          for (let own = writeStart[placing]!; own < writeStart[placing + 1]!; own++) {
            if (writeKey[own] === key) this.#visitReaders(own)
          }
        } else if (this.#pending[key]! > 0) this.#visitReaders(this.#version[key]!)
      }
    }
    if (forbidsWriteConflicts && this.#isRead(node)) {
      for (let at = writeStart[transaction]!; at < writeStart[transaction + 1]!; at++) {
        const holder = this.#lockedBy[writeKey[at]!]!
        if (holder !== -1 && holder !== transaction) this.#visit(nodes.write(holder))
      }
    }
  }

  /** Walks on from what was visited; true if it comes to another writer of the key, or of a key that `node` locks. */
  #walkFinds(node: number, key: number): boolean {
    const { nodes, history } = this.#input
    const { writeStart, writeKey } = history.arrays
    const transaction = nodes.transaction(node)
    // Where it starts may write the key itself, after the reads.
    const starts = key === -1 ? 0 : this.#found.length
    for (let at = 0; at < this.#found.length && at < this.#walkMax; at++) {
      this.#steps++
      const found = this.#found.items[at]!
      const other = nodes.transaction(found)
      if (other !== transaction) {
        if (key !== -1) {
          if (at >= starts && this.#isWrite(found) && history.writes(other, key)) return true
        } else if (this.#isRead(found)) {
          for (let own = writeStart[transaction]!; own < writeStart[transaction + 1]!; own++) {
            if (history.writes(other, writeKey[own]!)) return true
          }
        }
      }
      if (found !== node) this.#visitBefore(found, key === -1 ? -1 : transaction)
    }
    return false
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
        this.#overwritten.push(this.#version[key]!)
        this.#newest[key] = transaction
        this.#version[key] = at
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
        this.#version[key] = this.#overwritten.items[--this.#overwritten.length]!
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
