import type { HistoryValue } from '../../history/event.ts'
import { formatValue } from '../../history/value/format-value.ts'
import type { Effort } from '../effort.ts'
import { findComponents } from '../graph/components.ts'
import { RW, WR, WW } from '../graph/edge-kind.ts'
import { type Graph, GraphBuilder } from '../graph/graph.ts'
import { linkAll } from '../graph/link-all.ts'
import type { Transaction } from '../transaction.ts'
import { explainCyclicVersions } from './explain-versions.ts'
import type { Inference } from './inference.ts'
import { observeRegisters, type RegisterObservations } from './observe-registers.ts'
import { registerReasons } from './register-reasons.ts'
import {
  addLinearizableKeys,
  addSequentialKeys,
  addWritesFollowReads,
  FOLLOWS_READ,
} from './version-order.ts'

/** What is known of the registers besides the values that were read. */
export interface RegisterOptions {
  /** What a key holds before it is written: null, for absent, unless said. */
  readonly initial?: HistoryValue
  /** Whether the initial value comes before all others: true unless said. */
  readonly initialState?: boolean
  /** Whether what a transaction writes comes after what it read at the same key: true unless said. */
  readonly writesFollowReads?: boolean
  /** Whether each key by itself is sequentially consistent: false unless said. */
  readonly sequentialKeys?: boolean
  /** Whether each key by itself is linearizable: false unless said. */
  readonly linearizableKeys?: boolean
}

/** What is known of the order of the versions of all keys. */
export interface VersionOrder {
  readonly observed: RegisterObservations
  /** Of versions; the initial ones have no edges. */
  readonly graph: Graph
  readonly initialState: boolean
  /** Of each key, whether its versions come before themselves, so that their order says nothing. */
  readonly isCyclic: Uint8Array
}

/**
 * The dependencies of a history of registers. A read says whose value it was (wr). The order of versions is known in
 * part only, by what the options allow to infer; ww and rw follow from it (Elle, VLDB 2020, on recoverability).
 * Undefined when the effort is spent.
 */
export function inferRegisters(
  transactions: readonly Transaction[],
  options: RegisterOptions,
  examplesMax: number,
  effort: Effort,
): Inference | undefined {
  const observed = observeRegisters(transactions, options.initial ?? null, examplesMax)
  const { touches, versions } = observed
  if (!effort.spend(touches.key.length * 2 + versions.key.length)) return undefined
  const graph = new GraphBuilder(transactions.length, touches.key.length * 2 + 16)
  if (!effort.hold(graph.memoryBytes + touches.key.length * 80 + versions.key.length * 64)) return undefined

  const order = orderVersions(observed, options, effort)
  if (order === undefined) return undefined
  for (let touch = 0; touch < touches.key.length; touch++) {
    for (const read of readsOf(observed, touch)) linkRead(graph, observed, touches.transaction[touch]!, read)
  }
  linkVersions(graph, order)
  findLostUpdates(observed)
  return { graph, findings: observed.findings, reasonFor: registerReasons(order) }
}

/** The versions that a transaction read from outside at one key: one, or two where it contradicts itself. */
export function readsOf({ touches }: RegisterObservations, touch: number): readonly number[] {
  const [read, again] = [touches.read[touch]!, touches.readAgain[touch]!]
  if (read < 0) return []
  return again < 0 ? [read] : [read, again]
}

function isLiveVersion({ transactions, versions }: RegisterObservations, version: number): boolean {
  const writer = versions.writer[version]!
  return writer >= 0 && transactions[writer]!.outcome !== 'failed'
}

function orderVersions(
  observed: RegisterObservations,
  options: RegisterOptions,
  effort: Effort,
): VersionOrder | undefined {
  const { versions, keys } = observed
  const builder = new GraphBuilder(versions.key.length)
  if (options.writesFollowReads !== false) addWritesFollowReads(builder, observed)
  if (options.sequentialKeys === true) addSequentialKeys(builder, observed)
  if (options.linearizableKeys === true) addLinearizableKeys(builder, observed)
  const graph = builder.build()
  const components = findComponents(graph, 255, effort)
  if (components === undefined) return undefined
  const isCyclic = new Uint8Array(keys.length)
  for (const component of components) {
    isCyclic[versions.key[component[0]!]!] = 1
    addCyclic(observed, graph, component)
  }
  return { observed, graph, initialState: options.initialState !== false, isCyclic }
}

function addCyclic(observed: RegisterObservations, graph: Graph, component: Int32Array): void {
  const { findings } = observed
  if (!findings.isShown('cyclic-versions')) return findings.add('cyclic-versions', [], () => '')
  const { transactions, explanation } = explainCyclicVersions(observed, graph, component)
  findings.add('cyclic-versions', transactions, () => explanation)
}

function linkRead(
  graph: GraphBuilder,
  observed: RegisterObservations,
  reader: number,
  version: number,
): void {
  const { versions, transactions, findings, keys } = observed
  const writer = versions.writer[version]!
  if (writer < 0 || writer === reader) return
  const value = (): string => formatValue(versions.value[version])
  const key = (): string => formatValue(keys[versions.key[version]!])
  if (transactions[writer]!.outcome === 'failed') {
    findings.add(
      'G1a',
      [reader, writer],
      () => `T1 read ${value()} at key ${key()}, which T2 wrote and aborted.`,
    )
    return
  }
  graph.add(writer, reader, WR)
  if (versions.isIntermediate[version]!) {
    findings.add(
      'G1b',
      [reader, writer],
      () =>
        `T1 read ${value()} at key ${key()}, a state in the middle of T2, which then wrote the key again.`,
    )
  }
}

function linkVersions(graph: GraphBuilder, order: VersionOrder): void {
  const { observed, isCyclic } = order
  const { versions, touches, initialOf } = observed
  const readers: number[][] = versions.key.map(() => [])
  for (let touch = 0; touch < touches.key.length; touch++) {
    for (const read of readsOf(observed, touch)) readers[read]!.push(touches.transaction[touch]!)
  }
  if (order.initialState) linkInitial(graph, observed, readers)
  for (let version = 0; version < versions.key.length; version++) {
    const key = versions.key[version]!
    if (isCyclic[key] !== 0 || initialOf[key] === version) continue
    const { known, followsRead } = nextLive(order, version)
    const next = [...known, ...followsRead]
    if (next.length === 0) continue
    if (isLiveVersion(observed, version)) linkAll(graph, [versions.writer[version]!], known, WW)
    linkAll(graph, readers[version]!, next, RW)
  }
}

/** Who found a key in its initial state did so before all who wrote it. */
function linkInitial(
  graph: GraphBuilder,
  observed: RegisterObservations,
  readers: readonly (readonly number[])[],
): void {
  const { versions, initialOf, transactions, keys, wasRead } = observed
  const writers: number[][] = keys.map(() => [])
  for (let version = 0; version < versions.key.length; version++) {
    const writer = versions.writer[version]!
    if (writer < 0 || versions.isIntermediate[version]!) continue
    // A transaction of unknown outcome of which nobody read anything may never have happened.
    const { outcome } = transactions[writer]!
    if (outcome === 'ok' || (outcome === 'unknown' && wasRead[writer] !== 0)) {
      writers[versions.key[version]!]!.push(writer)
    }
  }
  for (const [key, all] of writers.entries()) linkAll(graph, readers[initialOf[key]!]!, all, RW)
}

/**
 * The writers of the versions that come next, passing over those that aborted or were never written. Where only the
 * reader's own write says so, the read dependency says more than a write dependency would.
 */
function nextLive(
  { graph, observed }: VersionOrder,
  version: number,
): { readonly known: number[]; readonly followsRead: number[] } {
  const known: number[] = []
  const followsRead: number[] = []
  const seen = new Set([version])
  const queue = [version]
  for (const at of queue) {
    for (let edge = graph.offsets[at]!; edge < graph.offsets[at + 1]!; edge++) {
      const next = graph.targets[edge]!
      if (seen.has(next)) continue
      seen.add(next)
      if (!isLiveVersion(observed, next)) queue.push(next)
      else if (graph.kinds[edge] === FOLLOWS_READ) followsRead.push(observed.versions.writer[next]!)
      else known.push(observed.versions.writer[next]!)
    }
  }
  return { known, followsRead }
}

function findLostUpdates({ touches, transactions, versions, keys, findings }: RegisterObservations): void {
  const updaters = new Map<number, number>()
  for (let touch = 0; touch < touches.key.length; touch++) {
    const read = touches.read[touch]!
    const transaction = touches.transaction[touch]!
    if (read < 0 || touches.written[touch]! < 0 || transactions[transaction]!.outcome !== 'ok') continue
    const first = updaters.get(read)
    if (first === undefined) {
      updaters.set(read, transaction)
      continue
    }
    findings.add(
      'lost-update',
      [first, transaction],
      () =>
        `T1 and T2 both read ${formatValue(versions.value[read])} at key ${formatValue(keys[versions.key[read]!])} and both ` +
        'replaced it: the update of one of them is lost.',
    )
  }
}
