import type { Transaction } from '../transaction.ts'
import { PASS, PROCESS, REAL_TIME } from './edge-kind.ts'
import type { GraphBuilder } from './graph.ts'

/** Each client's transactions in its order; what aborted is passed over, what is unknown has nothing after it. */
export function addProcessOrder(graph: GraphBuilder, transactions: readonly Transaction[]): void {
  const last = new Map<number | string, number>()
  for (const { index, process, outcome } of transactions) {
    if (outcome === 'failed') continue
    const before = last.get(process)
    if (before !== undefined) graph.add(before, index, PROCESS)
    // An unknown transaction may take effect at any later time: the next one follows the last that returned.
    if (outcome === 'ok') last.set(process, index)
  }
}

/**
 * Real time in linear size: before a call that comes after new returns stands an auxiliary node, a barrier. What
 * returned leads to it, barriers lead on to the next, and a call is led to by the last barrier before it. All pairs
 * would be quadratic.
 */
export function addRealTimeOrder(graph: GraphBuilder, transactions: readonly Transaction[]): void {
  const calls = transactions.filter(({ outcome }) => outcome !== 'failed')
  const returns = calls
    .filter(({ outcome }) => outcome === 'ok')
    .sort((left, right) => left.return! - right.return!)
  let barrier = -1
  let returned = 0
  for (const { index, call } of calls) {
    if (returned < returns.length && returns[returned]!.return! < call) {
      const before = barrier
      barrier = graph.addNode()
      if (before >= 0) graph.add(before, barrier, PASS)
      while (returned < returns.length && returns[returned]!.return! < call) {
        graph.add(returns[returned++]!.index, barrier, REAL_TIME)
      }
    }
    if (barrier >= 0) graph.add(barrier, index, PASS)
  }
}
