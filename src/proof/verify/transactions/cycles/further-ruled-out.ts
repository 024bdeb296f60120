import type { HistoryValue } from '../../history/event.ts'
import { equalValues } from '../../history/value/equal-values.ts'
import type { ConsistencyModel } from '../consistency/consistency-model.ts'
import { PASS, PROCESS, RW } from '../graph/edge-kind.ts'
import type { Step } from '../graph/path-finder.ts'
import type { Reason } from '../inference/inference.ts'
import type { MicroOperation } from '../transaction.ts'
import type { Suffix, TransactionFacts } from './cycle.ts'
import { type CycleEdge, isPrefixCycle, isRw } from './cycle-edge.ts'

/**
 * What a cycle rules out beyond what its name says. Its kinds tell most of it; of models of single objects, what was read
 * and missed has to be of one key, or it was a transaction alone that was broken.
 */
export function furtherRuledOut(
  edges: readonly CycleEdge[],
  suffix: Suffix,
  facts: TransactionFacts,
): readonly ConsistencyModel[] {
  const models: ConsistencyModel[] = []
  const antis = edges.filter(isRw)
  if (
    suffix !== '-realtime' &&
    antis.length > 0 &&
    antis.every(({ kind }) => kind === 'rw') &&
    isPrefixCycle(edges)
  ) {
    models.push(suffix === '' ? 'prefix' : 'strong-session-prefix')
  }
  if (suffix === '') models.push(...updatesRuledOut(edges, facts))
  else models.push(...objectsRuledOut(edges, facts))
  return models
}

/** A transaction that wrote after another, of which it missed something. */
function updatesRuledOut(
  edges: readonly CycleEdge[],
  { reasonFor }: TransactionFacts,
): readonly ConsistencyModel[] {
  const missed = edges.find(({ kind }) => kind === 'rw')
  const replaced = edges.find(({ kind }) => kind === 'ww')
  if (edges.length !== 2 || missed === undefined || replaced === undefined) return []
  const [read, written] = [missed, replaced].map(({ from, to, kind }) => reasonFor(from, to, kind)?.key)
  const isOneKey = read !== undefined && written !== undefined && equalValues(read, written)
  return isOneKey ? ['update-atomic', 'cursor-stability'] : ['update-atomic']
}

/** A client, or real time, by itself: one dependency goes the other way, or what was read is missed later. */
function objectsRuledOut(edges: readonly CycleEdge[], facts: TransactionFacts): readonly ConsistencyModel[] {
  const isOfClient = edges.every(({ kind }) => kind !== 'realtime')
  const others = edges.filter((edge) => !isOrder(edge))
  if (others.length === 1) {
    if (!isOfClient) return others[0]!.kind === 'rw-predicate' ? [] : ['linearizable']
    switch (others[0]!.kind) {
      case 'ww':
        return ['monotonic-writes']
      case 'wr':
        return ['PRAM', 'writes-follow-reads']
      case 'rw':
        // It may have read what it wrote before it missed it.
        return ['read-your-writes', ...missedAgain(edges, facts)]
    }
  }
  const models = missedAgain(edges, facts)
  return isOfClient && isFlow(edges, facts) ? [...models, 'writes-follow-reads'] : models
}

const isOrder = ({ kind }: CycleEdge): boolean => kind === 'process' || kind === 'realtime'

const after = (edges: readonly CycleEdge[], at: number): CycleEdge => edges[(at + 1) % edges.length]!

/** Whether each client first read something, and then wrote what the next one read: nothing was there first. */
function isFlow(edges: readonly CycleEdge[], { operationsOf, reasonFor }: TransactionFacts): boolean {
  return edges.every((edge, at) => {
    if (edge.kind === 'process') return true
    const next = after(edges, at)
    if (edge.kind !== 'wr' || next.kind === 'process') return edge.kind === 'wr'
    const [read, written] = [edge, next].map(({ from, to, kind }) => reasonFor(from, to, kind))
    if (next.kind !== 'wr' || read === undefined || written === undefined) return false
    const steps = operationsOf(edge.to)
    const reading = steps.findIndex((step) => step.kind === 'read' && shows(step, read))
    return reading >= 0 && steps.slice(reading).some((step) => step.kind !== 'read' && shows(step, written))
  })
}

/** What is ruled out where a transaction missed what another, before it by an order alone, had read. */
function missedAgain(
  edges: readonly CycleEdge[],
  { operationsOf, reasonFor }: TransactionFacts,
): readonly ConsistencyModel[] {
  const models = new Set<ConsistencyModel>()
  for (const [at, missed] of edges.entries()) {
    if (missed.kind !== 'rw') continue
    const reason = reasonFor(missed.from, missed.to, 'rw')
    let isOfClient = true
    for (let before = at - 1; reason !== undefined && isOrder(edges.at(before)!); before--) {
      const { from, kind } = edges.at(before)!
      isOfClient &&= kind === 'process'
      const hasRead = operationsOf(from).some((step) => step.kind === 'read' && shows(step, reason))
      if (hasRead) models.add(isOfClient ? 'monotonic-reads' : 'linearizable')
    }
  }
  return [...models]
}

/** Whether a step is of the key and value that a reason ends with, or of a list with that value. */
function shows({ key, value }: MicroOperation, { key: ofKey, after }: Reason): boolean {
  if (value === undefined || !equalValues(key, ofKey)) return false
  return Array.isArray(value)
    ? (value as readonly HistoryValue[]).some((each) => equalValues(each, after))
    : equalValues(value, after)
}

/** Whether all but one missed write is by one client, even where its transactions read of each other too. */
export function missesOwnWrite(walk: readonly Step[]): boolean {
  const others = walk.filter(({ kinds }) => (kinds & (PROCESS | PASS)) === 0)
  return others.length === 1 && others[0]!.kinds === RW && walk.some(({ kinds }) => (kinds & PROCESS) !== 0)
}
