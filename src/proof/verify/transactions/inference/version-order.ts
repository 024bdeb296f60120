import type { GraphBuilder } from '../graph/graph.ts'
import type { Transaction } from '../transaction.ts'
import type { RegisterObservations } from './observe-registers.ts'

/** Why one version of a register is taken to come before another, as bits. */
export const FOLLOWS_READ = 1
export const SEQUENTIAL = 2
export const LINEARIZABLE = 4

/**
 * A transaction that reads a version and then writes one puts its own behind what it read. Nothing is assumed by that
 * where read committed is in question: the other order would be a cycle of read and write (G1c) by itself.
 */
export function addWritesFollowReads(graph: GraphBuilder, { touches }: RegisterObservations): void {
  for (let touch = 0; touch < touches.key.length; touch++) {
    const [read, written] = [touches.read[touch]!, touches.written[touch]!]
    if (read >= 0 && written >= 0 && read !== written) graph.add(read, written, FOLLOWS_READ)
  }
}

/** Assumes of each key that a client never comes upon an older version than before. */
export function addSequentialKeys(graph: GraphBuilder, observed: RegisterObservations): void {
  const { touches, transactions } = observed
  /** Of each process, the last version that it had of each key. */
  const last = new Map<number | string, Map<number, number>>()
  for (let touch = 0; touch < touches.key.length; touch++) {
    const transaction = transactions[touches.transaction[touch]!]!
    if (!hasHappened(observed, touch)) continue
    let ofProcess = last.get(transaction.process)
    if (ofProcess === undefined) last.set(transaction.process, (ofProcess = new Map()))
    const key = touches.key[touch]!
    const before = ofProcess.get(key)
    if (before !== undefined) addAfter(graph, observed, before, touch, SEQUENTIAL)
    if (transaction.outcome === 'ok') ofProcess.set(key, leaves(observed, touch))
  }
}

/** Assumes of each key that nobody comes upon an older version than one that was there before the call. */
export function addLinearizableKeys(graph: GraphBuilder, observed: RegisterObservations): void {
  const { touches, keys } = observed
  const ofKey: number[][] = keys.map(() => [])
  for (let touch = 0; touch < touches.key.length; touch++) {
    if (hasHappened(observed, touch)) ofKey[touches.key[touch]!]!.push(touch)
  }
  for (const all of ofKey) addRealTime(graph, observed, all)
}

/**
 * The reduction of an interval order: a touch follows those that returned before its call, but not those that returned
 * before the call of another of them, which it follows through that one.
 */
function addRealTime(graph: GraphBuilder, observed: RegisterObservations, byCall: readonly number[]): void {
  const transactionOf = (touch: number): Transaction =>
    observed.transactions[observed.touches.transaction[touch]!]!
  const byReturn = byCall
    .filter((touch) => transactionOf(touch).outcome === 'ok')
    .sort((left, right) => transactionOf(left).return! - transactionOf(right).return!)
  let returned = 0
  let first = 0
  let latestCall = -1
  for (const touch of byCall) {
    const { call } = transactionOf(touch)
    while (returned < byReturn.length && transactionOf(byReturn[returned]!).return! < call) {
      latestCall = Math.max(latestCall, transactionOf(byReturn[returned++]!).call)
    }
    while (first < returned && transactionOf(byReturn[first]!).return! < latestCall) first++
    for (let at = first; at < returned; at++) {
      addAfter(graph, observed, leaves(observed, byReturn[at]!), touch, LINEARIZABLE)
    }
  }
}

function addAfter(
  graph: GraphBuilder,
  { touches }: RegisterObservations,
  before: number,
  touch: number,
  reason: number,
): void {
  const [read, written] = [touches.read[touch]!, touches.written[touch]!]
  if (read >= 0 && read !== before) graph.add(before, read, reason)
  if (written >= 0 && written !== before) graph.add(before, written, reason)
}

/** The version that stands when the transaction is over. */
export function leaves({ touches }: RegisterObservations, touch: number): number {
  return touches.written[touch]! >= 0 ? touches.written[touch]! : touches.read[touch]!
}

/** Whether the transaction committed, by what is known. */
export function hasHappened(
  { touches, transactions, wasRead }: RegisterObservations,
  touch: number,
): boolean {
  const transaction = touches.transaction[touch]!
  return transactions[transaction]!.outcome === 'ok' || wasRead[transaction] !== 0
}
