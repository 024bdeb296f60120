import type { RecordedHistory } from '../history/recorded-history.ts'
import type { Transaction } from '../transactions/transaction.ts'
import type { Budget } from '../verdict/budget.ts'
import type { Anomaly, Verdict } from '../verdict/verdict.ts'
import { anomalyName } from './anomaly-name.ts'
import { orderNodes, shortCycle } from './graph/chain-graph.ts'
import {
  type Explained,
  explainCycle,
  explainStaleInitialRead,
  type Inferences,
} from './graph/explain-cycle.ts'
import { buildGraph, InferredEdges, Nodes } from './graph/inferred-edges.ts'
import { WritersByKey } from './graph/writers-by-key.ts'
import { IsolationHistory } from './history/isolation-history.ts'
import { isolationHistoryOf } from './history/isolation-history-of.ts'
import { explainReadProblem } from './history/read-problem.ts'
import {
  consistencyModelOf,
  type IsolationLevel,
  levelTitle,
  parseIsolationLevel,
} from './isolation-level.ts'
import type { CommitOrder, IsolationResult } from './isolation-result.ts'
import { ReadSlots } from './schedule/read-slots.ts'
import { saturate } from './schedule/saturate.ts'
import { searchOrder } from './schedule/search.ts'
import { causalConstraints } from './weak/causal.ts'
import type { CommitConstraints } from './weak/commit-constraints.ts'
import { readAtomicConstraints } from './weak/read-atomic.ts'
import { readCommittedConstraints } from './weak/read-committed.ts'

export interface IsolationOptions {
  /** An `IsolationLevel`, or its name in the lattice of consistency models. */
  readonly consistency: IsolationLevel | (string & {})
  /** Without one, memory is bounded by a gibibyte, and a search by a thousand million steps: some minutes. */
  readonly budget?: Budget
}

const MEMORY_BYTES_MAX = 2 ** 30
const STEPS_MAX = 1_000_000_000
/** Of the budget for snapshot isolation, what may go into finding an order that is even serial. */
const SERIAL_SHARE = 0.2

/**
 * Whether reads and writes of sessions of transactions keep to a level of isolation, where each value is written to a
 * key by one transaction, so that it is known who read from whom.
 *
 * ```ts
 * const history = readIsolationHistory([bytes]) // or what readHistory('txns.edn') gives
 * const { verdict, anomalies } = checkIsolation(history, { consistency: 'causal' })
 * ```
 *
 * Read committed and read atomic cost n^(3/2) at most for n operations, causal consistency n·k for k sessions. Prefix
 * consistency, snapshot isolation and serializability are searched for, within the budget: `unknown` when it ends.
 */
export function checkIsolation(
  history: IsolationHistory | RecordedHistory | readonly Transaction[],
  options: IsolationOptions,
): IsolationResult {
  const level = parseIsolationLevel(options.consistency)
  const compact = history instanceof IsolationHistory ? history : isolationHistoryOf(history)
  return new Check(compact, level, options.budget ?? {}).run()
}

class Check {
  readonly #history: IsolationHistory
  readonly #level: IsolationLevel
  readonly #budget: Budget
  readonly #memoryBytesMax: number
  #steps = 0
  #memoryBytes = 0

  constructor(history: IsolationHistory, level: IsolationLevel, budget: Budget) {
    this.#history = history
    this.#level = level
    this.#budget = budget
    this.#memoryBytesMax = budget.memoryBytes ?? MEMORY_BYTES_MAX
  }

  run(): IsolationResult {
    const problems = this.#history.problems.filter(({ name }) => name !== 'ambiguous-read')
    if (problems.length > 0) {
      return this.#invalid(
        problems.map((problem) => ({
          name: problem.name,
          explanation: explainReadProblem(problem, (transaction) =>
            this.#history.transactionName(transaction),
          ),
          events: this.#events([problem.reader, ...(problem.name === 'G1a' ? [] : problem.writers)]),
        })),
      )
    }
    switch (this.#level) {
      case 'read-committed':
        return this.#fromConstraints(readCommittedConstraints(this.#history), 'read-committed')
      case 'read-atomic':
        return this.#fromConstraints(readAtomicConstraints(this.#history), 'read-atomic')
      case 'causal':
        return this.#causal()
      default: {
        // A search needs what causal consistency gives, and what that finds is the simpler explanation.
        const causal = this.#causal()
        return causal.verdict === 'valid' ? this.#schedule() : causal
      }
    }
  }

  #causal(): IsolationResult {
    const history = this.#history
    const nodes = new Nodes(history, false)
    const graph = buildGraph(history, nodes, undefined)
    const { order, placed, complete } = orderNodes(graph)
    this.#note(graph.predecessor.byteLength * 2 + nodes.count * 20)
    if (!complete) {
      const inferences = { history, nodes, graph, edges: new InferredEdges(), level: 'causal' as const }
      return this.#cycle(inferences, explainCycle(inferences, shortCycle(graph, placed)))
    }
    let spent: 'memory' | 'steps' = 'memory'
    const constraints = causalConstraints(history, {
      order,
      memoryBytesMax: this.#memoryBytesMax,
      isOver: (steps) => {
        const over = this.#isOver(steps)
        if (over) {
          spent = 'steps'
          this.#steps += steps
        }
        return over
      },
    })
    if (constraints === undefined) return this.#spent(spent)
    if (constraints.edges.count === 0 && constraints.staleInitialRead === undefined) {
      this.#steps += constraints.steps
      this.#note(constraints.memoryBytes + graph.predecessor.byteLength * 2 + nodes.count * 20)
      return this.#valid(this.#commitOrder(nodes, order))
    }
    return this.#fromConstraints(constraints, 'causal')
  }

  #fromConstraints(
    constraints: CommitConstraints,
    level: 'read-committed' | 'read-atomic' | 'causal',
  ): IsolationResult {
    const history = this.#history
    this.#steps += constraints.steps
    const { edges, staleInitialRead } = constraints
    const nodes = new Nodes(history, false)
    const graph = buildGraph(history, nodes, edges)
    this.#note(
      constraints.memoryBytes + edges.memoryBytes + graph.predecessor.byteLength * 2 + nodes.count * 20,
    )
    const inferences: Inferences = { history, nodes, graph, edges, level }
    if (staleInitialRead !== undefined) {
      return this.#cycle(inferences, explainStaleInitialRead(inferences, staleInitialRead))
    }
    const { order, placed, complete } = orderNodes(graph)
    if (!complete) return this.#cycle(inferences, explainCycle(inferences, shortCycle(graph, placed)))
    return this.#valid(this.#commitOrder(nodes, order))
  }

  #schedule(): IsolationResult {
    const history = this.#history
    const nodes = new Nodes(history, this.#level !== 'serializable')
    const slots = new ReadSlots(history)
    const byKey = new WritersByKey(history)
    const forbidsWriteConflicts = this.#level === 'snapshot-isolation'
    const spend = (steps: number): boolean => {
      this.#steps += steps
      return this.#isOver(0)
    }
    const memoryBytesMax = this.#memoryBytesMax
    if (forbidsWriteConflicts) {
      const serial = this.#serialOrder(slots, byKey)
      if (serial !== undefined) return this.#valid(serial)
    }
    const found = saturate({ history, nodes, slots, byKey, forbidsWriteConflicts, memoryBytesMax, spend })
    if (found.kind === 'spent') return this.#spent(found.what)
    const inferences = { history, nodes, graph: found.graph, edges: found.edges, level: this.#level }
    switch (found.kind) {
      case 'cycle':
        return this.#cycle(inferences, explainCycle(inferences, shortCycle(found.graph, found.placed)))
      case 'stale-initial-read':
        return this.#cycle(inferences, explainStaleInitialRead(inferences, found.read))
    }
    this.#note(found.memoryBytes + slots.memoryBytes + byKey.memoryBytes)
    const { graph, rank } = found
    const result = searchOrder({
      history,
      nodes,
      slots,
      graph,
      rank,
      forbidsWriteConflicts,
      memoryBytesMax: memoryBytesMax - found.memoryBytes,
      spend,
    })
    this.#note(found.memoryBytes + slots.memoryBytes + byKey.memoryBytes + result.memoryBytes)
    switch (result.kind) {
      case 'found':
        return this.#valid(this.#commitOrder(nodes, result.order))
      case 'none':
        return this.#invalid([this.#noOrder(nodes, result.frontier, result.tried)])
      case 'spent':
        return this.#spent(result.what)
    }
  }

  /**
   * What is serializable is snapshot isolated, each snapshot having all commits before its own: half the nodes, and no
   * locks to wait for. Undefined if no such order is found with a part of the budget.
   */
  #serialOrder(slots: ReadSlots, byKey: WritersByKey): CommitOrder | undefined {
    const history = this.#history
    const nodes = new Nodes(history, false)
    const until = this.#steps + ((this.#budget.steps ?? STEPS_MAX) - this.#steps) * SERIAL_SHARE
    const spend = (steps: number): boolean => {
      this.#steps += steps
      return this.#steps > until || this.#isOver(0)
    }
    const shared = { history, nodes, slots, forbidsWriteConflicts: false, spend }
    const memoryBytesMax = this.#memoryBytesMax
    const found = saturate({ ...shared, byKey, memoryBytesMax })
    if (found.kind !== 'saturated') return undefined
    const { graph, rank } = found
    const result = searchOrder({
      ...shared,
      graph,
      rank,
      memoryBytesMax: memoryBytesMax - found.memoryBytes,
    })
    this.#note(found.memoryBytes + slots.memoryBytes + byKey.memoryBytes + result.memoryBytes)
    if (result.kind !== 'found') return undefined
    const order = this.#commitOrder(nodes, result.order)
    const snapshots = new Int32Array(history.transactions)
    for (let at = 0; at < snapshots.length; at++) snapshots[order.transactions[at]!] = at
    return { ...order, snapshots }
  }

  #noOrder(nodes: Nodes, frontier: Int32Array, tried: number): Anomaly {
    const stuck: number[] = []
    for (let session = 0; session < frontier.length; session++) {
      const node = nodes.chainStart[session]! + frontier[session]!
      if (node < nodes.chainStart[session + 1]!) stuck.push(nodes.transaction(node))
    }
    const names = stuck.slice(0, 10).map((transaction) => this.#history.transactionName(transaction))
    const more = stuck.length > names.length ? ` and ${stuck.length - names.length} more` : ''
    const placed = frontier.reduce((sum, count) => sum + count, 0)
    const unit = nodes.split ? 'snapshots and commits' : 'transactions'
    return {
      name:
        this.#level === 'serializable' ? 'G2-item' : this.#level === 'prefix' ? 'long-fork' : 'G-nonadjacent',
      explanation: `No order of commits explains all reads: every one was tried (${tried} places at which sessions cannot go on). The longest places ${placed} of ${nodes.count} ${unit}; then each of ${names.join(', ')}${more} would overwrite what another still has to read, or read what is overwritten.`,
      events: this.#events(stuck),
    }
  }

  #cycle(inferences: Inferences, explained: Explained): IsolationResult {
    return this.#invalid([
      {
        name: anomalyName(inferences, explained),
        explanation: explained.explanation,
        drawing: explained.drawing,
        events: this.#events(explained.transactions),
      },
    ])
  }

  #commitOrder(nodes: Nodes, order: Int32Array): CommitOrder {
    const history = this.#history
    const transactions = new Int32Array(history.transactions)
    const snapshots = nodes.split ? new Int32Array(history.transactions) : undefined
    let commits = 0
    for (const node of order) {
      if (snapshots !== undefined && (node & 1) === 0) snapshots[node >> 1] = commits
      else transactions[commits++] = nodes.transaction(node)
    }
    const events = transactions.map((transaction) => history.arrays.eventOf[transaction]!)
    return { transactions, events, ...(snapshots === undefined ? {} : { snapshots }) }
  }

  #valid(order: CommitOrder): IsolationResult {
    if (this.#history.operations === 0)
      return this.#result('unknown', 'Nothing can be said of isolation: no transaction committed a step.')
    const ambiguous = this.#history.problems.filter(({ name }) => name === 'ambiguous-read')
    if (ambiguous.length > 0) {
      const why = explainReadProblem(ambiguous[0]!, (transaction) =>
        this.#history.transactionName(transaction),
      )
      return this.#result(
        'unknown',
        `Whether the history is ${levelTitle(this.#level)} cannot be told: ${why}`,
      )
    }
    return {
      ...this.#result('valid', `The history is ${levelTitle(this.#level)}: ${this.#size()} have an order.`),
      order,
    }
  }

  #invalid(anomalies: readonly Anomaly[]): IsolationResult {
    const names = [...new Set(anomalies.map(({ name }) => name))].join(', ')
    const summary = `The history is not ${levelTitle(this.#level)}: ${names}.`
    return { ...this.#result('invalid', summary), anomalies }
  }

  #spent(what: 'memory' | 'steps'): IsolationResult {
    const found = what === 'memory' ? 'the memory it may use' : 'its budget'
    return this.#result(
      'unknown',
      `Whether the history is ${levelTitle(this.#level)} is not known: the check spent ${found} after ${this.#steps} steps on ${this.#size()}.`,
    )
  }

  #result(verdict: Verdict, summary: string): IsolationResult {
    return {
      verdict,
      summary,
      anomalies: [],
      spent: { steps: this.#steps, memoryBytes: this.#memoryBytes + this.#history.memoryBytes },
      level: this.#level,
      model: consistencyModelOf(this.#level),
    }
  }

  #size(): string {
    const { transactions, sessions } = this.#history
    return `${transactions} transaction${transactions === 1 ? '' : 's'} in ${sessions} session${sessions === 1 ? '' : 's'}`
  }

  #events(transactions: readonly number[]): number[] {
    const events = new Set(transactions.map((transaction) => this.#history.arrays.eventOf[transaction]!))
    return [...events].sort((one, other) => one - other)
  }

  #note(memoryBytes: number): void {
    this.#memoryBytes = Math.max(this.#memoryBytes, memoryBytes)
  }

  #isOver(more: number): boolean {
    const { steps = STEPS_MAX, isOver } = this.#budget
    return this.#steps + more > steps || isOver?.() === true
  }
}
