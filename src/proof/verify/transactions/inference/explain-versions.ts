import { shortValue as short } from '../explain/describe-transaction.ts'
import type { Graph } from '../graph/graph.ts'
import type { RegisterObservations } from './observe-registers.ts'
import { FOLLOWS_READ, hasHappened, LINEARIZABLE, leaves, SEQUENTIAL } from './version-order.ts'

/** Who made known that one version comes before another, and by which assumption. */
export interface VersionWitness {
  readonly assumption: 'writes-follow-reads' | 'sequential' | 'linearizable'
  /** The touch that had the earlier version, and the one that had the later. */
  readonly earlier: number
  readonly later: number
}

/** What an edge from one version to another of the same key came from. */
export function versionWitness(
  observed: RegisterObservations,
  kinds: number,
  before: number,
  after: number,
): VersionWitness | undefined {
  if ((kinds & FOLLOWS_READ) !== 0) return readThenWritten(observed, before, after)
  if ((kinds & SEQUENTIAL) !== 0) return byOneClient(observed, before, after)
  if ((kinds & LINEARIZABLE) !== 0) return inRealTime(observed, before, after)
  return undefined
}

/** A clause; `nameOf` says what transactions are called in it. */
export function describeWitness(
  observed: RegisterObservations,
  { assumption, earlier, later }: VersionWitness,
  before: number,
  after: number,
  nameOf: (transaction: number) => string,
): string {
  const { touches, versions, keys, transactions } = observed
  const where = `key ${short(keys[versions.key[before]!]!)}`
  const [old, next] = [short(versions.value[before]), short(versions.value[after])]
  const first = nameOf(touches.transaction[earlier]!)
  const second = nameOf(touches.transaction[later]!)
  const isRead = touches.written[earlier] !== before
  const had = isRead ? `read of ${old} at` : `write of ${old} to`
  const has = `${touches.written[later] === after ? 'write' : 'read'} of ${next}`
  switch (assumption) {
    case 'writes-follow-reads':
      return `${second} read ${old} at ${where} before it wrote ${next}`
    case 'sequential': {
      const { process } = transactions[touches.transaction[later]!]!
      return `${first}'s ${had} ${where} and then ${second}'s ${has} are by one client, process ${process}, and ${where} is sequentially consistent`
    }
    case 'linearizable':
      return `${first}'s ${had} ${where} had returned before ${second}'s ${has} was called, and ${where} is linearizable`
  }
}

/** Versions of one component that come before each other in a circle: the shortest through its first. */
export function explainCyclicVersions(
  observed: RegisterObservations,
  graph: Graph,
  component: Int32Array,
): { readonly transactions: readonly number[]; readonly explanation: string } {
  const { versions, touches, keys } = observed
  const circle = circleThrough(graph, component)
  const transactions: number[] = []
  const nameOf = (transaction: number): string => {
    if (!transactions.includes(transaction)) transactions.push(transaction)
    return `T${transactions.indexOf(transaction) + 1}`
  }
  const assumptions = new Set<string>()
  const clauses = circle.flatMap(({ from, to, kinds }) => {
    const witness = versionWitness(observed, kinds, from, to)
    if (witness === undefined) return []
    nameOf(touches.transaction[witness.earlier]!)
    if (witness.assumption === 'sequential') assumptions.add('sequentialKeys')
    if (witness.assumption === 'linearizable') assumptions.add('linearizableKeys')
    return [describeWitness(observed, witness, from, to, nameOf)]
  })
  const shown = circle.slice(0, 6).map(({ from }) => short(versions.value[from]))
  const key = short(keys[versions.key[component[0]!]!]!)
  const contradicted =
    assumptions.size === 0 ? '' : ` That contradicts the option ${[...assumptions].join(' or ')}.`
  return {
    transactions,
    explanation: `The versions ${shown.join(', ')}${circle.length > 6 ? ', …' : ''} of key ${key} come before themselves: ${clauses.join('; ')}.${contradicted}`,
  }
}

interface VersionEdge {
  readonly from: number
  readonly to: number
  readonly kinds: number
}

function circleThrough(graph: Graph, component: Int32Array): readonly VersionEdge[] {
  const start = component[0]!
  const inside = new Set(component)
  const cameBy = new Map<number, VersionEdge>()
  const queue = [start]
  for (const from of queue) {
    for (let at = graph.offsets[from]!; at < graph.offsets[from + 1]!; at++) {
      const to = graph.targets[at]!
      if (!inside.has(to) || cameBy.has(to)) continue
      cameBy.set(to, { from, to, kinds: graph.kinds[at]! })
      if (to !== start) queue.push(to)
    }
    if (cameBy.has(start)) break
  }
  const circle: VersionEdge[] = []
  for (let edge = cameBy.get(start); edge !== undefined; edge = cameBy.get(edge.from)) {
    circle.unshift(edge)
    if (edge.from === start) break
  }
  return circle
}

function readThenWritten(
  { touches }: RegisterObservations,
  before: number,
  after: number,
): VersionWitness | undefined {
  const touch = touches.read.findIndex((read, at) => read === before && touches.written[at] === after)
  return touch < 0 ? undefined : { assumption: 'writes-follow-reads', earlier: touch, later: touch }
}

function byOneClient(
  observed: RegisterObservations,
  before: number,
  after: number,
): VersionWitness | undefined {
  const { touches, transactions } = observed
  /** Of each process, its last touch of the key, when it left the earlier version. */
  const last = new Map<number | string, number>()
  const key = observed.versions.key[before]!
  for (let touch = 0; touch < touches.key.length; touch++) {
    if (touches.key[touch] !== key || !hasHappened(observed, touch)) continue
    const { process, outcome } = transactions[touches.transaction[touch]!]!
    const earlier = last.get(process)
    if (earlier !== undefined && has(observed, touch, after))
      return { assumption: 'sequential', earlier, later: touch }
    if (outcome !== 'ok') continue
    if (leaves(observed, touch) === before) last.set(process, touch)
    else last.delete(process)
  }
  return undefined
}

/** The first return of who had the earlier version, and the last call of who had the later. */
function inRealTime(
  observed: RegisterObservations,
  before: number,
  after: number,
): VersionWitness | undefined {
  const { touches, transactions } = observed
  const key = observed.versions.key[before]!
  let earlier: number | undefined
  let later: number | undefined
  const of = (touch: number) => transactions[touches.transaction[touch]!]!
  for (let touch = 0; touch < touches.key.length; touch++) {
    if (touches.key[touch] !== key || !hasHappened(observed, touch)) continue
    if (of(touch).outcome === 'ok' && leaves(observed, touch) === before) {
      if (earlier === undefined || of(touch).return! < of(earlier).return!) earlier = touch
    }
    if (has(observed, touch, after) && (later === undefined || of(touch).call > of(later).call)) later = touch
  }
  if (earlier === undefined || later === undefined || of(earlier).return! >= of(later).call) return undefined
  return { assumption: 'linearizable', earlier, later }
}

const has = ({ touches }: RegisterObservations, touch: number, version: number): boolean =>
  touches.read[touch] === version || touches.written[touch] === version
