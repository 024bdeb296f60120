import { unreachable } from '../../../../foundation/assert.ts'
import { formatValue } from '../../history/value/format-value.ts'
import type { CycleAnomaly } from '../consistency/anomaly-name.ts'
import type { Cycle } from '../cycles/cycle.ts'
import type { CycleEdge } from '../cycles/cycle-edge.ts'
import type { Inference } from '../inference/inference.ts'
import type { Transaction } from '../transaction.ts'
import { describeSteps, placeOf } from './describe-transaction.ts'

/** Of a terminal of 80 columns, two are left beside a picture. */
const WIDTH = 78

/** A cycle in sentences, one to a line, and as a picture of at most 78 columns. */
export interface Explained {
  readonly explanation: string
  readonly drawing: string
}

export function explainCycle(
  cycle: Cycle,
  transactions: readonly Transaction[],
  reasonFor: Inference['reasonFor'],
): Explained {
  const names = new Map(cycle.edges.map(({ from }, at) => [from, `T${at + 1}`]))
  const nameOf = (transaction: number): string => names.get(transaction)!
  return {
    explanation: sentences(cycle, transactions, nameOf, reasonFor),
    drawing: draw(cycle, transactions, nameOf, reasonFor),
  }
}

function sentences(
  { name, edges }: Cycle,
  transactions: readonly Transaction[],
  nameOf: (transaction: number) => string,
  reasonFor: Inference['reasonFor'],
): string {
  const told = abridged(edges)
  const who = told.map((edge) =>
    edge === undefined ? '…' : `${nameOf(edge.from)} is event ${transactions[edge.from]!.call}`,
  )
  const because = told.map((edge) => {
    if (edge === undefined) return leftOut(edges)
    const [from, to] = [nameOf(edge.from), nameOf(edge.to)]
    const last = edge === edges.at(-1)
    const reason =
      reasonFor(edge.from, edge.to, edge.kind)?.explain(from, to) ?? orderReason(edge, from, to, transactions)
    return `${reason}; so ${from} comes before ${to}${last ? `: a contradiction` : ''}.`
  })
  const circle = [...told.map((edge) => (edge === undefined ? '…' : nameOf(edge.from))), 'T1'].join(' < ')
  return [`${titleOf(name)}: ${circle}, where ${who.join(', ')}.`, ...because].join('\n')
}

/** At most so many edges are told; of a longer cycle the first and the last. */
const TOLD_MAX = 12

/** The edges to tell of, with undefined where some are left out. */
function abridged(edges: readonly CycleEdge[]): readonly (CycleEdge | undefined)[] {
  return edges.length <= TOLD_MAX ? edges : [...edges.slice(0, TOLD_MAX - 4), undefined, ...edges.slice(-4)]
}

const leftOut = (edges: readonly CycleEdge[]): string =>
  `… ${edges.length - TOLD_MAX} more, each before the next, which are left out here.`

function orderReason(
  { kind, from, to }: CycleEdge,
  first: string,
  second: string,
  transactions: readonly Transaction[],
): string {
  switch (kind) {
    case 'process':
      return `process ${transactions[from]!.process} called ${second} after ${first}`
    case 'realtime':
      return `${first} returned at event ${transactions[from]!.return}, before ${second} was called at event ${transactions[to]!.call}`
    case 'rw-predicate':
      return `${first} read by a predicate what ${second} changed`
    case 'ww':
      return `${second} replaced what ${first} wrote`
    case 'wr':
      return `${second} read what ${first} wrote`
    case 'rw':
      return `${first} did not observe what ${second} wrote`
    default:
      return unreachable(kind)
  }
}

/** What a name says, for who does not know it. */
function titleOf(name: CycleAnomaly): string {
  const [, base, suffix] = /^(.*?)(-process|-realtime)?$/.exec(name)!
  const title = titles[base as keyof typeof titles]
  if (suffix === '-process') return `${title}, with the order of one client's transactions`
  return suffix === '-realtime' ? `${title}, with the order of real time` : title
}

const titles = {
  G0: 'Writes of transactions in a circle (G0)',
  G1c: 'Information flows in a circle (G1c)',
  'fractured-read': 'A fractured read, some of a transaction seen and some missed (a case of G-single)',
  'causality-violation': 'An effect seen without its cause (a case of G-single)',
  'G-single-item': 'A circle with one missed write (G-single-item)',
  'G-single': 'A circle with one missed write (G-single)',
  'long-fork': 'A long fork, two orders of the same writes (a case of G-nonadjacent)',
  'G-nonadjacent-item': 'A circle with missed writes, none right after another (G-nonadjacent-item)',
  'G-nonadjacent': 'A circle with missed writes, none right after another (G-nonadjacent)',
  'G2-item': 'A circle with missed writes (G2-item)',
  G2: 'A circle with missed writes, by predicate too (G2)',
} as const

/** Transactions one below the other, T1 first, with their steps. */
export function drawTransactions(transactions: readonly Transaction[]): string {
  return transactions
    .flatMap((transaction, at) => [
      `${`T${at + 1} `.padEnd(4)}${placeOf(transaction)}`,
      `    ${describeSteps(transaction, WIDTH - 4)}`,
    ])
    .join('\n')
}

/**
 * ```
 * ┌─▶ T1  event 4, process 2
 * │       read 5 = [1, 2] · append 6 ← 3
 * │   │ rw  5: read up to 2, before 8 appended
 * │   ▼
 * │   T2  event 2, process 1
 * │       append 5 ← 8
 * └───┘ wr  …
 * ```
 */
function draw(
  { edges }: Cycle,
  transactions: readonly Transaction[],
  nameOf: (transaction: number) => string,
  reasonFor: Inference['reasonFor'],
): string {
  const lines: string[] = []
  for (const edge of abridged(edges)) {
    if (edge === undefined) {
      lines.push(`│   ${leftOut(edges)}`, '│   │', '│   ▼')
      continue
    }
    const transaction = transactions[edge.from]!
    const left = edge === edges[0] ? '┌─▶ ' : '│   '
    const name = `${nameOf(edge.from)} `.padEnd(4)
    lines.push(`${left}${name}${placeOf(transaction)}`)
    lines.push(`│       ${describeSteps(transaction, WIDTH - 8)}`)
    const label = reasonFor(edge.from, edge.to, edge.kind)?.label ?? orderLabel(edge, transactions)
    const arrow = `${edge.kind}${label === '' ? '' : `  ${label}`}`.slice(0, WIDTH - 6)
    if (edge === edges.at(-1)) lines.push(`└───┘ ${arrow}`)
    else lines.push(`│   │ ${arrow}`, '│   ▼')
  }
  return lines.join('\n')
}

function orderLabel({ kind, from, to }: CycleEdge, transactions: readonly Transaction[]): string {
  if (kind === 'process') return `client ${formatValue(transactions[from]!.process)} called it afterwards`
  if (kind !== 'realtime') return ''
  return `returned at ${transactions[from]!.return}, called at ${transactions[to]!.call}`
}
