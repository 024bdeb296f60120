import { unreachable } from '../../../foundation/assert.ts'
import type { Cycle } from '../../verify/transactions/cycles/cycle.ts'
import { describeSteps, placeOf } from '../../verify/transactions/explain/describe-transaction.ts'
import type { DependencyKind } from '../../verify/transactions/graph/edge-kind.ts'
import type { Transaction } from '../../verify/transactions/transaction.ts'
import { type Html, html } from '../html/html.ts'
import { BOX_HEIGHT, BOX_WIDTH, type CycleLayout, layOutCycle } from './cycle-layout.ts'

/** What fits into a box. */
const STEPS_WIDTH = 30
/** More of them are told in words alone. */
export const CYCLE_EDGES_MAX = 10

/**
 * Transactions each of which must come before the next, as boxes with an arrow from each to the one after it. Arrows have
 * the numbers of the sentences that explain them.
 */
export function drawCycle({ edges }: Cycle, transactions: readonly Transaction[]): Html {
  const layout = layOutCycle(edges.length)
  const { width, height } = layout
  return html`<div class="drawing"><svg class="cycle" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="group" aria-label="A circle of ${edges.length} transactions">
<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path class="arrow-head" d="M0 0.5L8 4L0 7.5z"/></marker></defs>
${edges.map(({ kind }, i) => drawEdge(layout.edges[i]!, kind, i + 1))}
${edges.map(({ from }, i) => drawBox(layout.nodes[i]!, transactions[from]!, i + 1))}</svg></div>`
}

function drawEdge({ path, label }: CycleLayout['edges'][number], kind: DependencyKind, number: number): Html {
  const width = 30 + kind.length * 7
  return html`<g class="edge ${kind}"><title>${number}: ${meaningOf(kind)}</title><path class="way" d="${path}" marker-end="url(#arrow)"/><g transform="translate(${label.x - width / 2} ${label.y - 10})"><rect class="edge-chip" width="${width}" height="20" rx="10"/><text class="edge-number" x="12" y="14">${number}</text><text class="edge-kind" x="${(width + 16) / 2}" y="14">${kind}</text></g></g>`
}

function drawBox({ x, y }: { x: number; y: number }, transaction: Transaction, number: number): Html {
  return html`<a class="transaction" href="#op-${transaction.call}"><title>T${number}: ${describeSteps(transaction, 400)}</title><rect class="box" x="${x - BOX_WIDTH / 2}" y="${y - BOX_HEIGHT / 2}" width="${BOX_WIDTH}" height="${BOX_HEIGHT}" rx="6"/><text class="box-name" x="${x - BOX_WIDTH / 2 + 12}" y="${y - 7}">T${number}</text><text class="box-place" x="${x + BOX_WIDTH / 2 - 12}" y="${y - 7}">${placeOf(transaction)}</text><text class="box-steps" x="${x - BOX_WIDTH / 2 + 12}" y="${y + 15}">${describeSteps(transaction, STEPS_WIDTH)}</text></a>`
}

/** What an arrow says of its two ends. */
export function meaningOf(kind: DependencyKind): string {
  switch (kind) {
    case 'ww':
      return 'the second replaced what the first wrote'
    case 'wr':
      return 'the second read what the first wrote'
    case 'rw':
      return 'the first did not see what the second wrote'
    case 'rw-predicate':
      return 'the first read by a predicate what the second changed'
    case 'process':
      return 'one client called the second after the first'
    case 'realtime':
      return 'the first returned before the second was called'
    default:
      return unreachable(kind)
  }
}
