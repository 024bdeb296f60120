import type { HistoryValue } from '../history/event.ts'
import { equalValues } from '../history/value/equal-values.ts'
import type { Transaction } from '../transactions/transaction.ts'
import {
  type Accepts,
  comesBefore,
  type Keys,
  type Order,
  permutations,
  possible,
  reads,
  readsOwnFirst,
  subsets,
  withWrites,
  writesOf,
} from './trying-all.ts'

/**
 * For tests: Adya's levels as he defines them (1999, "Weak Consistency", chapters 3 and 4): a history has a version order,
 * which puts what committed transactions installed of each key one after the other, and its dependencies must have no
 * cycle of some kind. A recorded history does not say its version order: all are tried.
 */

interface Dependency {
  readonly from: Transaction
  /** Which of its steps: the read of an `rw`, the last write else. */
  readonly fromStep: number
  readonly to: Transaction
  /** The read of a `wr`, the last write else. */
  readonly toStep: number
  readonly kind: 'ww' | 'wr' | 'rw'
}

type Level = (dependencies: readonly Dependency[], committed: readonly Transaction[], order: Order) => boolean

/**
 * PL-2+, consistent view: what is read is committed and not intermediate (G1a, G1b), no cycle is of `ww` and `wr` alone
 * (G1c) and none has exactly one `rw` (G-single; section 4.1). With an order that counts as a dependency: "strong
 * session".
 *
 * The same is PL-FCV, forward consistent view (section 4.3), of a history that does not say when transactions began: that
 * adds dependencies on what committed before the beginning, which can only make more cycles, and none are added where all
 * began before the first commit.
 */
export const consistentView: Level = (dependencies, committed, order) => {
  const steps = stepsOf(dependencies, committed, order)
  return [...dependencies.map(({ from, to }) => [from.index, to.index] as const), ...steps].every(
    ([from, to]) => !leads(steps, to, from),
  )
}

/**
 * PL-2L, monotonic view: G1, and once a transaction saw an effect of another, none of its later reads misses one of it, nor
 * of what that depends on (G-monotonic, section 4.2: the transaction unfolded into its steps, which come one after the
 * other, is in a cycle with one `rw`, of its own).
 */
export const monotonicView: Level = (dependencies, committed, order) => {
  const steps = stepsOf(dependencies, committed, order)
  return (
    steps.every(([from, to]) => !leads(steps, to, from)) &&
    committed.every((unfolded) => {
      const node = (transaction: Transaction, step: number): string =>
        transaction === unfolded ? `step ${step}` : String(transaction.index)
      const unfoldedSteps = [
        ...dependencies
          .filter(({ kind }) => kind !== 'rw')
          .map(({ from, fromStep, to, toStep }) => [node(from, fromStep), node(to, toStep)] as const),
        ...unfolded.operations.map((_, step) => [`step ${step}`, `step ${step + 1}`] as const),
      ]
      return dependencies.every(
        ({ kind, from, fromStep, to }) =>
          kind !== 'rw' || from !== unfolded || !leads(unfoldedSteps, String(to.index), node(from, fromStep)),
      )
    })
  )
}

/** Whether some version order gives dependencies that the level allows. */
export function hasVersionOrder(
  transactions: readonly Transaction[],
  level: Level,
  order: Order = 'none',
  accepts: Accepts = () => true,
): boolean {
  const all = possible(transactions)
  return subsets(all.filter(({ outcome }) => outcome === 'unknown')).some((aborted) => {
    const committed = all.filter((each) => !aborted.includes(each))
    const keys = [...new Set(committed.flatMap(({ operations }) => operations.map(({ key }) => String(key))))]
    const search = (at: number, dependencies: readonly Dependency[], written: Keys): boolean => {
      if (at === keys.length) return accepts(written) && level(dependencies, committed, order)
      const key = keys[at]!
      return permutations(committed.filter((each) => writesOf(each).has(key))).some((writers) => {
        const ofKey = dependenciesAt(key, writers, committed)
        if (ofKey === undefined) return false
        const values = writers.flatMap((each) => writesOf(each).get(key)!)
        return search(at + 1, [...dependencies, ...ofKey], new Map([...written, [key, values]]))
      })
    }
    return search(0, [], new Map())
  })
}

/** The dependencies by one key, installed in this order; undefined where something was read that was never installed. */
function dependenciesAt(
  key: string,
  writers: readonly Transaction[],
  committed: readonly Transaction[],
): readonly Dependency[] | undefined {
  const versions: (readonly HistoryValue[])[] = [[]]
  for (const writer of writers) versions.push([...versions.at(-1)!, ...writesOf(writer).get(key)!])
  const lastWrite = ({ operations }: Transaction): number =>
    operations.findLastIndex((each) => String(each.key) === key && each.kind !== 'read')
  const dependencies: Dependency[] = []
  const add = (
    from: Transaction,
    fromStep: number,
    to: Transaction,
    toStep: number,
    kind: Dependency['kind'],
  ) => {
    if (from !== to) dependencies.push({ from, fromStep, to, toStep, kind })
  }
  writers.forEach((writer, at) => {
    const next = writers[at + 1]
    if (next !== undefined) add(writer, lastWrite(writer), next, lastWrite(next), 'ww')
  })
  for (const reader of committed) {
    if (reader.outcome !== 'ok') continue
    const own: HistoryValue[] = []
    for (const [step, operation] of reader.operations.entries()) {
      if (String(operation.key) !== key) continue
      if (operation.kind !== 'read') {
        own.push(operation.value)
        continue
      }
      // What it wrote itself stands at the end of what it reads. What it installs itself, it cannot read before.
      const place = writers.indexOf(reader)
      const found = versions.flatMap((version, at) =>
        reads(operation, [...version, ...own]) &&
        (place < 0 || at !== place + 1) &&
        (at === place || !readsOwnFirst(reader, key))
          ? [at]
          : [],
      )
      if (found.length === 0) return undefined
      // Of a register its own value says nothing of others.
      if (found.length > 1) continue
      const version = found[0]!
      if (version > 0) add(writers[version - 1]!, lastWrite(writers[version - 1]!), reader, step, 'wr')
      if (version < writers.length) add(reader, step, writers[version]!, lastWrite(writers[version]!), 'rw')
    }
  }
  return dependencies
}

/** What comes before what, but by anti-dependencies. */
const stepsOf = (
  dependencies: readonly Dependency[],
  committed: readonly Transaction[],
  order: Order,
): (readonly [number, number])[] => [
  ...dependencies.filter(({ kind }) => kind !== 'rw').map(({ from, to }) => [from.index, to.index] as const),
  ...committed.flatMap((first) =>
    committed
      .filter((second) => comesBefore(first, second, order))
      .map((second) => [first.index, second.index] as const),
  ),
]

/** Whether steps lead from one node to another; from each to itself they do. */
function leads<Node>(steps: readonly (readonly [Node, Node])[], from: Node, to: Node): boolean {
  const reached = new Set([from])
  for (const node of reached) for (const [before, after] of steps) if (before === node) reached.add(after)
  return reached.has(to)
}

/**
 * PL-1, read uncommitted: no two transactions write over each other's writes (G0, section 3.1), so that in some order of
 * them each key was written by one after the other. Of a register nothing is asked but that what was read was written. A
 * list shows all that was written to it until some moment, in that order, and maybe what was undone.
 */
export function hasWriteOrder(
  transactions: readonly Transaction[],
  order: Order,
  accepts?: Accepts,
): boolean {
  // Where something is taken for granted of versions, it is of those too that were read and undone.
  const all = accepts === undefined ? possible(transactions) : transactions
  return subsets(all.filter(({ outcome }) => outcome === 'unknown')).some((aborted) =>
    permutations(all.filter((each) => !aborted.includes(each))).some((committed) => {
      if (committed.some((each, at) => committed.slice(at).some((later) => comesBefore(later, each, order))))
        return false
      let written: Keys = new Map()
      for (const each of committed) written = withWrites(written, writesOf(each))
      if (accepts !== undefined && !accepts(written)) return false
      return committed.every(
        ({ operations, outcome }) =>
          outcome !== 'ok' ||
          operations.every(({ kind, key, value }, step) => {
            if (kind !== 'read') return true
            const tried = transactions.flatMap((each) => writesOf(each).get(String(key)) ?? [])
            const steps = operations.slice(0, step).filter((each) => equalValues(each.key, key))
            // What was written on top of what was read can be shown so, though others wrote in between.
            const own = steps[0]?.kind === 'read' ? steps.filter((each) => each.kind !== 'read') : []
            const showsOwn =
              Array.isArray(value) &&
              own.every((each, at) => equalValues(each.value!, value.at(at - own.length)!))
            return [value!, ...(showsOwn ? [value.slice(0, value.length - own.length)] : [])].some((found) =>
              showsWritten(found, written.get(String(key)) ?? [], tried),
            )
          }),
      )
    }),
  )
}

function showsWritten(
  found: HistoryValue,
  written: readonly HistoryValue[],
  tried: readonly HistoryValue[],
): boolean {
  const isAmong = (value: HistoryValue, values: readonly HistoryValue[]): boolean =>
    values.some((each) => equalValues(each, value))
  if (!Array.isArray(found)) return found === null || isAmong(found, tried)
  const list = found as readonly HistoryValue[]
  const undone = list.filter((each) => !isAmong(each, written))
  const left = list.filter((each) => isAmong(each, written))
  return (
    undone.every((each, at) => isAmong(each, tried) && !isAmong(each, undone.slice(0, at))) &&
    equalValues(left, written.slice(0, left.length))
  )
}
