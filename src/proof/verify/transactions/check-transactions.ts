import { DureError } from '../../../foundation/errors.ts'
import { namingLines } from '../history/naming-lines.ts'
import type { RecordedHistory } from '../history/recorded-history.ts'
import type { Budget } from '../verdict/budget.ts'
import type { Anomaly, CheckResult, Verdict } from '../verdict/verdict.ts'
import { type AnomalyName, modelsRuledOutBy } from './consistency/anomaly-name.ts'
import {
  type ConsistencyModel,
  isRefutedOnly,
  modelScope,
  modelTitle,
  parseConsistencyModel,
} from './consistency/consistency-model.ts'
import {
  describeStanding,
  impliedModels,
  isViolated,
  listed,
  type ModelStanding,
  modelStanding,
} from './consistency/model-standing.ts'
import type { Cycle } from './cycles/cycle.ts'
import { findCycles } from './cycles/find-cycles.ts'
import { Effort } from './effort.ts'
import { drawTransactions, explainCycle } from './explain/explain-cycle.ts'
import { findComponents } from './graph/components.ts'
import { RW_PREDICATE } from './graph/edge-kind.ts'
import type { Graph } from './graph/graph.ts'
import { addProcessOrder, addRealTimeOrder } from './graph/orders.ts'
import type { Finding } from './inference/findings.ts'
import type { Inference } from './inference/inference.ts'
import { inferListAppend } from './inference/list-append.ts'
import { inferRegisters, type RegisterOptions } from './inference/register.ts'
import { readTransactions, type Transaction } from './transaction.ts'

export interface TransactionsOptions extends RegisterOptions {
  /** `list-append`: elements are appended to lists and lists are read. `rw-register`: values are written and read. */
  readonly workload: TransactionsWorkload
  /** What the store claims, by name or alias: `serializable` unless said. */
  readonly consistency?: ConsistencyModel | (string & {})
  readonly budget?: Budget
  /** How many anomalies of one name to explain: 8 unless said. */
  readonly examplesMax?: number
  /** Anti-dependencies by predicates that the caller knows of, between transactions by index. */
  readonly predicateReads?: readonly { readonly reader: number; readonly writer: number }[]
}

export type TransactionsWorkload = 'list-append' | 'rw-register'

export interface TransactionsResult extends CheckResult {
  /** The model that was asked for. */
  readonly consistency: ConsistencyModel
  readonly anomalies: readonly TransactionAnomaly[]
  /** What is odd, but allowed by the model that was asked for. */
  readonly notes: readonly TransactionAnomaly[]
  /** Of each name, how often it was seen; of cycles, how many are shown. */
  readonly counts: ReadonlyMap<AnomalyName, number>
  /** Where the history stands. `strongestPossible` holds what was examined and is not contradicted. */
  readonly models: ModelStanding
  /** Every cycle that was found, as data. */
  readonly cycles: readonly Cycle[]
  /** What `from` and `to` of cycles are indexes of. */
  readonly transactions: readonly Transaction[]
}

export interface TransactionAnomaly extends Anomaly {
  readonly name: AnomalyName
  /** The weakest models that it rules out, with all above them. */
  readonly rulesOut: readonly ConsistencyModel[]
  /** The transactions that are called T1, T2 … in the explanation. */
  readonly transactions: readonly number[]
}

/**
 * Whether a history of transactions can come from a store with the consistency that it claims, by what the values tell
 * of the order of the transactions (Kingsbury and Alvaro, "Elle", VLDB 2020).
 *
 * ```ts
 * const result = checkTransactions(history, { workload: 'list-append', consistency: 'snapshot-isolation' })
 * if (result.verdict === 'invalid') console.error(result.summary, result.anomalies[0]?.explanation)
 * ```
 *
 * `invalid` is a proof. `valid` says that nothing recorded contradicts the model. Linear in the history, but for the
 * search for short cycles where there are some. A step of the budget is an edge, node or read value looked at.
 */
export function checkTransactions(
  history: RecordedHistory,
  options: TransactionsOptions,
): TransactionsResult {
  const model = parseConsistencyModel(options.consistency ?? 'serializable')
  const scope = modelScope(model)
  if ((scope === 'real-time' || scope === 'object') && history.origin === 'isolation') {
    throw new DureError(
      'invalid',
      `${modelTitle(model)} asks for real time, and a history of the form "isolation" has none: ask for ` +
        'strong-session-serializable or less',
    )
  }
  const effort = new Effort(options.budget)
  return namingLines(history, () => new Check(readTransactions(history), model, options, effort).run())
}

class Check {
  readonly #transactions: readonly Transaction[]
  readonly #model: ConsistencyModel
  readonly #options: TransactionsOptions
  readonly #effort: Effort
  readonly #examplesMax: number

  constructor(
    transactions: readonly Transaction[],
    model: ConsistencyModel,
    options: TransactionsOptions,
    effort: Effort,
  ) {
    this.#transactions = transactions
    this.#model = model
    this.#options = options
    this.#effort = effort
    this.#examplesMax = Math.max(1, options.examplesMax ?? 8)
  }

  run(): TransactionsResult {
    const inference = this.#infer()
    if (inference === undefined) return this.#result([], [], undefined)
    const { findings, graph: builder } = inference
    const scope = modelScope(this.#model)
    const realTime = scope === 'real-time' || scope === 'object'
    const process = realTime || scope === 'session'
    for (const { reader, writer } of this.#options.predicateReads ?? [])
      builder.add(reader, writer, RW_PREDICATE)
    if (process) addProcessOrder(builder, this.#transactions)
    if (realTime) addRealTimeOrder(builder, this.#transactions)
    // Rows beside what was collected, and of each node what the search for components keeps.
    if (!this.#effort.hold(builder.memoryBytes * 2 + builder.nodes * 24))
      return this.#result(findings.kept, [], inference)
    const cycles = findCycles(
      this.#complete(inference, builder.build()),
      {
        transactions: this.#transactions.length,
        isUnknown: (transaction) => this.#transactions[transaction]!.outcome === 'unknown',
        operationsOf: (transaction) => this.#transactions[transaction]!.operations,
        reasonFor: inference.reasonFor,
        process,
        realTime,
        examplesMax: this.#examplesMax,
        ruledOut: findings.kept.flatMap(({ name }) => modelsRuledOutBy(name)),
        claimed: this.#model,
      },
      this.#effort,
    )
    return this.#result(findings.kept, cycles, inference)
  }

  /** With the edges that matter only where there are cycles, which few histories have. */
  #complete({ graph: builder, linkMissed }: Inference, graph: Graph): Graph {
    if (linkMissed === undefined) return graph
    const components = findComponents(graph, 255, this.#effort)
    if (components === undefined || components.length === 0) return graph
    const isMember = new Uint8Array(graph.nodes)
    for (const component of components) for (const node of component) isMember[node] = 1
    linkMissed(isMember)
    return this.#effort.hold(builder.memoryBytes) ? builder.build() : graph
  }

  #infer(): Inference | undefined {
    switch (this.#options.workload) {
      case 'list-append':
        return inferListAppend(this.#transactions, this.#examplesMax, this.#effort)
      case 'rw-register':
        return inferRegisters(this.#transactions, this.#options, this.#examplesMax, this.#effort)
    }
  }

  #result(
    findings: readonly Finding[],
    cycles: readonly Cycle[],
    inference: Inference | undefined,
  ): TransactionsResult {
    const all = [
      ...findings.map((finding) => this.#direct(finding)),
      ...cycles.map((cycle) => this.#cyclic(cycle, inference!)),
    ]
    const severities = new Map(all.map(({ name }) => [name, severity(name)]))
    all.sort((left, right) => severities.get(left.name)! - severities.get(right.name)!)
    const violates = ({ rulesOut }: TransactionAnomaly): boolean => isViolated(this.#model, rulesOut)
    const anomalies = all.filter(violates)
    const counts = new Map<AnomalyName, number>(inference?.findings.counts)
    for (const { name } of cycles) counts.set(name, (counts.get(name) ?? 0) + 1)
    const models = modelStanding(
      all.flatMap(({ rulesOut }) => rulesOut),
      (model) => this.#isExamined(model),
    )
    const isAnswered = this.#transactions.some(
      ({ outcome, operations }) => outcome === 'ok' && operations.length > 0,
    )
    const isKnown = isAnswered && this.#isPossible(models)
    const verdict = anomalies.length > 0 ? 'invalid' : isKnown ? 'valid' : 'unknown'
    return {
      verdict,
      summary:
        isAnswered || verdict === 'invalid'
          ? this.#summary(verdict, anomalies, counts, models)
          : 'Nothing can be said of the transactions: none committed a step.',
      anomalies,
      spent: this.#effort.spent,
      consistency: this.#model,
      notes: all.filter((anomaly) => !violates(anomaly)),
      counts,
      models,
      cycles,
      transactions: this.#transactions,
    }
  }

  /** What a check of so much budget and such orders can speak for. */
  #isExamined(model: ConsistencyModel): boolean {
    if (this.#effort.isOver || isRefutedOnly(model)) return false
    const asked = modelScope(this.#model)
    switch (modelScope(model)) {
      case 'transactions':
        return true
      case 'session':
        return asked !== 'transactions'
      case 'real-time':
        return asked === 'real-time' || asked === 'object'
      case 'object':
        return false
    }
  }

  /** Where only some of what a model forbids is looked for, what implies it has to stand. */
  #isPossible({ strongestPossible }: ModelStanding): boolean {
    return strongestPossible.some((model) => model === this.#model || impliedModels(model).has(this.#model))
  }

  #summary(
    verdict: Verdict,
    anomalies: readonly TransactionAnomaly[],
    counts: ReadonlyMap<AnomalyName, number>,
    models: ModelStanding,
  ): string {
    const title = modelTitle(this.#model)
    if (verdict === 'unknown') {
      const why = this.#effort.isOver
        ? `the budget was spent after ${this.#effort.spent.steps} steps`
        : 'not all that it forbids is looked for here, and what implies it is violated'
      return `Whether the history satisfies ${title} is not known: ${why}.`
    }
    const names = [...new Set(anomalies.map(({ name }) => name))]
    const found = listed(
      names.map((name) => `${name}${(counts.get(name) ?? 1) > 1 ? ` (${counts.get(name)})` : ''}`),
    )
    return verdict === 'valid'
      ? `Nothing contradicts ${title}: the history ${describeStanding(models)}.`
      : `The history does not satisfy ${title}: ${found}. It ${describeStanding(models)}.`
  }

  #direct({ name, transactions, explanation }: Finding): TransactionAnomaly {
    const who = transactions
      .map((each, at) => `T${at + 1} is event ${this.#transactions[each]!.call}`)
      .join(', ')
    return {
      name,
      explanation: `${explanation} ${who}.`,
      drawing: drawTransactions(transactions.map((each) => this.#transactions[each]!)),
      events: transactions.map((each) => this.#transactions[each]!.call),
      rulesOut: modelsRuledOutBy(name),
      transactions,
    }
  }

  #cyclic(cycle: Cycle, inference: Inference): TransactionAnomaly {
    const transactions = cycle.edges.map(({ from }) => from)
    return {
      name: cycle.name,
      ...explainCycle(cycle, this.#transactions, inference.reasonFor),
      events: transactions.map((each) => this.#transactions[each]!.call),
      rulesOut: cycle.rulesOut,
      transactions,
    }
  }
}

/** The fewer models are left, the worse. */
function severity(name: AnomalyName): number {
  return -modelStanding(modelsRuledOutBy(name)).violated.length
}
