import { type CycleAnomaly, modelsRuledOutBy } from '../consistency/anomaly-name.ts'
import type { ConsistencyModel } from '../consistency/consistency-model.ts'
import { dependencyKind, PASS, PROCESS, REAL_TIME } from '../graph/edge-kind.ts'
import type { Step } from '../graph/path-finder.ts'
import type { Inference } from '../inference/inference.ts'
import type { MicroOperation } from '../transaction.ts'
import { type CycleEdge, isPrefixCycle, isRw, isVisible } from './cycle-edge.ts'
import { furtherRuledOut, missesOwnWrite } from './further-ruled-out.ts'

/** Transactions each of which comes before the next, and the last before the first: which cannot be. */
export interface Cycle {
  readonly name: CycleAnomaly
  readonly edges: readonly CycleEdge[]
  /** The weakest models that no history with this cycle comes from. */
  readonly rulesOut: readonly ConsistencyModel[]
}

/** What is to be known of transactions to say what a cycle rules out. */
export interface TransactionFacts {
  readonly isUnknown: (transaction: number) => boolean
  readonly operationsOf: (transaction: number) => readonly MicroOperation[]
  readonly reasonFor: Inference['reasonFor']
}

/** Which order beside the dependencies a cycle may use. */
export type Suffix = '' | '-process' | '-realtime'

/**
 * The cycle of a closed walk, without its auxiliary nodes (those from `transactions` on), named as strictly as its edges
 * allow. A walk that comes by a node twice is cut down to a simple one.
 */
export function cycleOf(walk: readonly Step[], transactions: number, facts: TransactionFacts): Cycle {
  const edges = simple(withoutAuxiliary(walk, transactions))
  const suffix: Suffix = edges.some(({ kind }) => kind === 'realtime')
    ? '-realtime'
    : edges.some(({ kind }) => kind === 'process')
      ? '-process'
      : ''
  const name = nameOf(edges, suffix)
  // A transaction of unknown outcome is known to have committed where only commits are read; else it may have aborted.
  const isCertain = !name.startsWith('G0') || !edges.some(({ from }) => facts.isUnknown(from))
  const rulesOut = new Set(modelsRuledOutBy(isCertain ? name : `G1c${suffix}`))
  for (const model of furtherRuledOut(edges, suffix, facts)) rulesOut.add(model)
  if (suffix === '-process' && missesOwnWrite(walk)) rulesOut.add('read-your-writes')
  // Adya's G-update: the transactions that write, and at most one that only reads.
  const onlyReading = edges.filter(({ from }) =>
    facts.operationsOf(from).every(({ kind }) => kind === 'read'),
  ).length
  if (suffix === '' && onlyReading <= 1) rulesOut.add('update-serializable')
  return { name, edges: rotated(edges), rulesOut: [...rulesOut] }
}

function withoutAuxiliary(walk: readonly Step[], transactions: number): CycleEdge[] {
  const start = walk.findIndex(({ from }) => from < transactions)
  const edges: CycleEdge[] = []
  let from = walk[start]!.from
  let kinds = 0
  for (let at = 0; at < walk.length; at++) {
    const step = walk[(start + at) % walk.length]!
    kinds |= step.kinds & ~PASS
    if (step.to >= transactions) continue
    edges.push({ from, to: step.to, kind: dependencyKind(kinds) })
    from = step.to
    kinds = 0
  }
  return edges
}

/** Where a walk comes by a node twice it is two loops; one of them is as strict as the whole. */
function simple(edges: readonly CycleEdge[]): readonly CycleEdge[] {
  for (let first = 0; first < edges.length; first++) {
    const second = edges.findIndex(({ from }, at) => at > first && from === edges[first]!.from)
    if (second < 0) continue
    const inner = edges.slice(first, second)
    const outer = [...edges.slice(0, first), ...edges.slice(second)]
    return [simple(inner), simple(outer)].sort((left, right) => strictness(left) - strictness(right))[0]!
  }
  return edges
}

const strictness = (edges: readonly CycleEdge[]): number =>
  strictnessOrder.indexOf(nameOf(edges, '')) * 1_000_000 + edges.length

const strictnessOrder: readonly CycleAnomaly[] = [
  ...([
    'G0',
    'G1c',
    'fractured-read',
    'causality-violation',
    'G-single-item',
    'G-single',
    'long-fork',
  ] as const),
  ...(['G-nonadjacent-item', 'G-nonadjacent', 'G2-item', 'G2'] as const),
]

function nameOf(edges: readonly CycleEdge[], suffix: Suffix): CycleAnomaly {
  const antis = edges.filter(isRw)
  if (antis.length === 0) return edges.some(({ kind }) => kind === 'wr') ? `G1c${suffix}` : `G0${suffix}`
  const item = antis.every(({ kind }) => kind === 'rw')
  if (antis.length === 1) {
    const onlyVisible = edges.every((edge) => isRw(edge) || isVisible(edge))
    if (item && onlyVisible && suffix !== '-realtime') {
      return edges.length === 2 ? `fractured-read${suffix}` : `causality-violation${suffix}`
    }
    return item ? `G-single-item${suffix}` : `G-single${suffix}`
  }
  if (edges.some((edge, at) => isRw(edge) && isRw(edges.at(at - 1)!)))
    return item ? `G2-item${suffix}` : `G2${suffix}`
  if (item && isPrefixCycle(edges) && suffix !== '-realtime') return `long-fork${suffix}`
  return item ? `G-nonadjacent-item${suffix}` : `G-nonadjacent${suffix}`
}

/** Begins with the transaction that was called first. */
function rotated(edges: readonly CycleEdge[]): readonly CycleEdge[] {
  const first = edges.reduce((least, { from }, at) => (from < edges[least]!.from ? at : least), 0)
  return [...edges.slice(first), ...edges.slice(0, first)]
}

/** The bits of the orders that a suffix allows. */
export function orderBits(suffix: Suffix): number {
  switch (suffix) {
    case '':
      return 0
    case '-process':
      return PROCESS
    case '-realtime':
      return REAL_TIME
  }
}
