import { shortValue as short } from '../explain/describe-transaction.ts'
import { describeWitness, versionWitness } from './explain-versions.ts'
import type { Inference, Reason } from './inference.ts'
import { numbersOf } from './list-reasons.ts'
import { readsOf, type VersionOrder } from './register.ts'

/** Finds out again what an edge came from, when somebody asks. */
export function registerReasons(order: VersionOrder): Inference['reasonFor'] {
  return (from, to, kind) => {
    switch (kind) {
      case 'ww':
        return writeReason(order, from, to)
      case 'wr':
        return readReason(order, from, to)
      case 'rw':
        return antiReason(order, from, to)
      case 'rw-predicate':
      case 'process':
      case 'realtime':
        return undefined
    }
  }
}

function writeReason(order: VersionOrder, from: number, to: number): Reason | undefined {
  for (const before of writesOf(order, from)) {
    for (const after of writesOf(order, to)) {
      const why = whyBefore(order, before, after, from, to)
      if (why === undefined) continue
      const { key, value, where } = describe(order, before)
      const next = order.observed.versions.value[after]!
      return {
        key,
        before: value,
        after: next,
        explain: (first, second) =>
          why.isOfWrites
            ? why.explain(first, second)
            : `${second} wrote ${short(next)} to ${where} after ${first} wrote ${short(value)}: ${why.explain(first, second)}`,
        label: `${short(key)}: ${short(next)} written after ${short(value)}`,
      }
    }
  }
  return undefined
}

function readReason(order: VersionOrder, from: number, to: number): Reason | undefined {
  const { versions } = order.observed
  for (const read of readsBy(order, to)) {
    if (versions.writer[read] !== from) continue
    const { key, value, where } = describe(order, read)
    return {
      key,
      before: value,
      after: value,
      explain: (first, second) => `${second} read ${short(value)} at ${where}, which ${first} wrote`,
      label: `${short(key)}: ${short(value)} written, then read`,
    }
  }
  return undefined
}

function antiReason(order: VersionOrder, from: number, to: number): Reason | undefined {
  for (const read of readsBy(order, from)) {
    for (const missed of writesOf(order, to)) {
      const why = whyBefore(order, read, missed, from, to)
      if (why === undefined) continue
      const { key, value, where } = describe(order, read)
      const next = order.observed.versions.value[missed]!
      return {
        key,
        before: value,
        after: next,
        explain: (first, second) =>
          `${first} did not observe ${second}'s write of ${short(next)} to ${where}: it read ${short(value)}, and ` +
          why.explain(first, second),
        label: `${short(key)}: ${short(value)} read, before ${short(next)} written`,
      }
    }
  }
  return undefined
}

function describe({ observed }: VersionOrder, version: number) {
  const { versions, keys } = observed
  const key = keys[versions.key[version]!]!
  return { key, value: versions.value[version]!, where: `key ${short(key)}` }
}

/** Why a version comes before another of the same key, if it is known to. */
interface Why {
  /** A clause of its own, with the names of the two transactions put in. */
  explain(first: string, second: string): string
  /** Whether the clause tells of the very writes of both transactions. */
  readonly isOfWrites: boolean
}

function whyBefore(
  order: VersionOrder,
  before: number,
  after: number,
  from: number,
  to: number,
): Why | undefined {
  const { observed, graph, initialState, isCyclic } = order
  const { versions, initialOf, touches, transactions } = observed
  const key = versions.key[before]!
  if (versions.key[after] !== key || before === after) return undefined
  if (initialOf[key] === before)
    return initialState ? { explain: () => 'every key starts so', isOfWrites: false } : undefined
  if (isCyclic[key] !== 0) return undefined
  for (let edge = graph.offsets[before]!; edge < graph.offsets[before + 1]!; edge++) {
    if (graph.targets[edge] !== after) continue
    const witness = versionWitness(observed, graph.kinds[edge]!, before, after)
    if (witness === undefined) continue
    const { earlier, later } = witness
    return {
      explain: (first, second) =>
        describeWitness(observed, witness, before, after, (transaction) => {
          if (transaction === from) return first
          return transaction === to ? second : `event ${transactions[transaction]!.call}`
        }),
      isOfWrites: touches.written[earlier] === before && touches.written[later] === after,
    }
  }
  return undefined
}

function writesOf({ observed }: VersionOrder, transaction: number): number[] {
  const { touches } = observed
  return numbersOf(touches.transaction, transaction)
    .map((touch) => touches.written[touch]!)
    .filter((written) => written >= 0)
}

function readsBy({ observed }: VersionOrder, transaction: number): number[] {
  return numbersOf(observed.touches.transaction, transaction).flatMap((touch) => [
    ...readsOf(observed, touch),
  ])
}
