import type { HistoryValue } from '../history/event.ts'
import { equalValues } from '../history/value/equal-values.ts'
import type { ConsistencyModel } from '../transactions/consistency/consistency-model.ts'
import type { Transaction } from '../transactions/transaction.ts'
import {
  type Accepts,
  asText,
  comesBefore,
  type Keys,
  lengthOf,
  type Order,
  permutations,
  possible,
  reads,
  readsOwnFirst,
  subsets,
  without,
  withWrites,
  writesOf,
} from './trying-all.ts'

/**
 * For tests: consistency models by definitions that are obviously right and try everything there is, for histories of
 * a few transactions. Each takes what the orders of the writes have to keep to besides.
 */

/** Whether some order of the transactions, done one after the other, gives what was read. */
export function hasSerialOrder(
  transactions: readonly Transaction[],
  order: Order,
  accepts: Accepts = () => true,
): boolean {
  const search = (left: readonly Transaction[], keys: Keys): boolean =>
    (left.every(({ outcome }) => outcome === 'unknown') && accepts(keys)) ||
    left.some((next) => {
      if (left.some((other) => comesBefore(other, next, order))) return false
      const after = run(next, keys)
      return after !== undefined && search(without(left, next), after)
    })
  return search(possible(transactions), new Map())
}

/**
 * Whether some order of beginnings and commits gives what was read: each transaction reads what was committed at its
 * beginning. With `firstCommitterWins` none commits a key that another committed since its beginning: snapshot
 * isolation. Without it is prefix consistency.
 */
export function hasSnapshotOrder(
  transactions: readonly Transaction[],
  firstCommitterWins: boolean,
  order: Order,
  accepts: Accepts = () => true,
): boolean {
  interface Begun {
    readonly transaction: Transaction
    readonly keys: Keys
  }
  const search = (left: readonly Transaction[], begun: readonly Begun[], keys: Keys): boolean =>
    (begun.length === 0 && left.every(({ outcome }) => outcome === 'unknown') && accepts(keys)) ||
    begun.some((each) => {
      const { transaction } = each
      const written = writesOf(transaction)
      const conflicts = [...written.keys()].filter((key) => lengthOf(each.keys, key) !== lengthOf(keys, key))
      if (firstCommitterWins && conflicts.length > 0) return false
      if (conflicts.some((key) => readsOwnFirst(transaction, key))) return false
      return search(left, without(begun, each), withWrites(keys, written))
    }) ||
    left.some((next) => {
      const open = [...left, ...begun.map(({ transaction }) => transaction)]
      if (open.some((other) => comesBefore(other, next, order))) return false
      if (run(next, keys) === undefined) return false
      return search(without(left, next), [...begun, { transaction: next, keys }], keys)
    })
  return search(possible(transactions), [], new Map())
}

/**
 * Whether the transactions that write have a serial order, and each that only reads fits into some such order with the
 * same versions of all keys: update serializability.
 */
export function hasUpdateOrder(transactions: readonly Transaction[], accepts: Accepts = () => true): boolean {
  const all = possible(transactions)
  const updates = all.filter(({ operations }) => operations.some(({ kind }) => kind !== 'read'))
  const readers = all.filter((each) => !updates.includes(each) && each.outcome === 'ok')
  const outcomes = readers.map((reader) => serialOutcomes([...updates, reader], accepts))
  return [...serialOutcomes(updates, accepts)].some((outcome) => outcomes.every((each) => each.has(outcome)))
}

/** What the keys can hold in the end, as text, after all orders that give what was read. */
function serialOutcomes(transactions: readonly Transaction[], accepts: Accepts): ReadonlySet<string> {
  const outcomes = new Set<string>()
  const search = (left: readonly Transaction[], keys: Keys): void => {
    if (left.every(({ outcome }) => outcome === 'unknown') && accepts(keys)) outcomes.add(asText(keys))
    for (const next of left) {
      const after = run(next, keys)
      if (after !== undefined) search(without(left, next), after)
    }
  }
  search(transactions, new Map())
  return outcomes
}

const visibilityRules = {
  'read-committed': { order: 'none', closed: false, conflicts: false },
  'cursor-stability': { order: 'none', closed: false, conflicts: false },
  'read-atomic': { order: 'none', closed: false, conflicts: false },
  'update-atomic': { order: 'none', closed: false, conflicts: true },
  'causal-cerone': { order: 'none', closed: true, conflicts: false },
  'parallel-snapshot-isolation': { order: 'none', closed: true, conflicts: true },
  'strong-session-read-committed': { order: 'process', closed: false, conflicts: false },
  'strong-read-committed': { order: 'realtime', closed: false, conflicts: false },
  'strong-session-read-atomic': { order: 'process', closed: false, conflicts: false },
  causal: { order: 'process', closed: true, conflicts: false },
  'strong-session-parallel-snapshot-isolation': { order: 'process', closed: true, conflicts: true },
} as const satisfies Partial<
  Record<
    ConsistencyModel,
    {
      /** What comes before by this commits before, and is seen. */
      readonly order: Order
      /** What those that are seen have seen is seen. */
      readonly closed: boolean
      /** Earlier writes of the keys that it writes are seen. */
      readonly conflicts: boolean
    }
  >
>

export type VisibilityModel = keyof typeof visibilityRules

/**
 * Whether some order of commits, and for each transaction some set of earlier ones that it sees, gives what was read: a
 * key as the last that it sees left it (Cerone, Bernardi and Gotsman 2015). Read committed lets each read see others.
 */
export function hasVisibility(
  transactions: readonly Transaction[],
  model: VisibilityModel,
  accepts: Accepts = () => true,
): boolean {
  const all = possible(transactions)
  return subsets(all.filter(({ outcome }) => outcome === 'unknown')).some((aborted) =>
    permutations(all.filter((each) => !aborted.includes(each))).some((committed) =>
      fits(committed, model, accepts),
    ),
  )
}

function fits(committed: readonly Transaction[], model: VisibilityModel, accepts: Accepts): boolean {
  const { order, closed, conflicts } = visibilityRules[model]
  const isAfter = (later: Transaction, earlier: Transaction): boolean => comesBefore(earlier, later, order)
  if (committed.some((each, at) => committed.slice(at + 1).some((later) => isAfter(each, later))))
    return false
  const states: Keys[] = [new Map()]
  for (const transaction of committed) states.push(withWrites(states.at(-1)!, writesOf(transaction)))
  if (!accepts(states.at(-1)!)) return false
  if (model === 'cursor-stability' && !committed.every((each, at) => replacesWhatItRead(each, states[at]!)))
    return false
  if (
    model === 'read-committed' ||
    model === 'cursor-stability' ||
    model === 'strong-session-read-committed' ||
    model === 'strong-read-committed'
  ) {
    return committed.every((transaction, at) =>
      transaction.operations.every((_, step) =>
        readsSome(transaction, step, states.slice(0, at + 1), states[at]!),
      ),
    )
  }
  const sees: boolean[][] = []
  const search = (at: number): boolean =>
    at === committed.length ||
    subsets(committed.slice(0, at)).some((seen) => {
      sees[at] = committed.map((each) => seen.includes(each))
      if (committed.slice(0, at).some((each, place) => isAfter(committed[at]!, each) && !sees[at]![place]))
        return false
      if (closed && !isClosed(sees, at)) return false
      if (conflicts && !seesConflicts(committed, sees, at)) return false
      return (
        run(committed[at]!, view(committed, states, sees, at), states[at]!) !== undefined && search(at + 1)
      )
    })
  return search(0)
}

/** Whether each key that it read and then wrote was, at its commit, as it had read it last. */
function replacesWhatItRead({ operations, outcome }: Transaction, before: Keys): boolean {
  return (
    outcome !== 'ok' ||
    operations.every(({ kind, key }, step) => {
      if (kind === 'read') return true
      const earlier = operations.slice(0, step).filter((each) => equalValues(each.key, key))
      const last = earlier.at(-1)
      return last?.kind !== 'read' || earlier.length > earlier.filter((each) => each.kind === 'read').length
        ? true
        : earlier.every((each) => reads(each, before.get(String(key)) ?? []))
    })
  )
}

const isClosed = (sees: readonly boolean[][], at: number): boolean =>
  sees[at]!.every(
    (isSeen, other) => !isSeen || sees[other]!.every((each, third) => !each || sees[at]![third]),
  )

const seesConflicts = (
  committed: readonly Transaction[],
  sees: readonly boolean[][],
  at: number,
): boolean => {
  const own = writesOf(committed[at]!)
  return committed
    .slice(0, at)
    .every((other, place) => sees[at]![place] || ![...writesOf(other).keys()].some((key) => own.has(key)))
}

function view(
  committed: readonly Transaction[],
  states: readonly Keys[],
  sees: readonly boolean[][],
  at: number,
): Keys {
  const keys = new Map<string, readonly HistoryValue[]>()
  committed.slice(0, at).forEach((other, place) => {
    if (!sees[at]![place]) return
    for (const key of writesOf(other).keys()) keys.set(key, states[place + 1]!.get(key)!)
  })
  return keys
}

/** Whether a step reads what one of the states holds; of its own writes, what they come upon. */
export function readsSome(
  { operations, outcome }: Transaction,
  step: number,
  states: readonly Keys[],
  installedUpon: Keys,
): boolean {
  const operation = operations[step]!
  if (operation.kind !== 'read' || outcome !== 'ok') return true
  const own = operations
    .slice(0, step)
    .flatMap(({ kind, key, value }) => (kind !== 'read' && equalValues(key, operation.key) ? [value!] : []))
  const readBefore = operations.find(({ key }) => equalValues(key, operation.key))!.kind === 'read'
  const among = own.length === 0 || readBefore ? states : [installedUpon]
  return among.some((keys) => reads(operation, [...(keys.get(String(operation.key)) ?? []), ...own]))
}

/**
 * The keys after the transaction; undefined when it reads something else. It sees `before`, and its writes go onto
 * `installed` where it has not read the key before.
 */
function run({ operations, outcome }: Transaction, before: Keys, installed: Keys = before): Keys | undefined {
  const keys = new Map(before)
  const known = new Set<string>()
  for (const operation of operations) {
    const key = String(operation.key)
    if (operation.kind === 'read') {
      // What it installed shows all that was there before: then it has seen that.
      const ownFirst = readsOwnFirst({ operations }, key)
      const seesInstalled = lengthOf(before, key) === lengthOf(installed, key)
      if (outcome === 'ok' && ownFirst && !seesInstalled) return undefined
      if (outcome === 'ok' && !reads(operation, keys.get(key) ?? [])) return undefined
    } else keys.set(key, [...((known.has(key) ? keys : installed).get(key) ?? []), operation.value])
    known.add(key)
  }
  return keys
}
