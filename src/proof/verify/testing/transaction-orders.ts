import type { HistoryValue } from '../history/event.ts'
import { equalValues } from '../history/value/equal-values.ts'
import type { ConsistencyModel } from '../transactions/consistency/consistency-model.ts'
import type { MicroOperation, Transaction } from '../transactions/transaction.ts'

/**
 * For tests: consistency models by definitions that are obviously right and try everything there is, for histories of
 * a few transactions. Values of keys are lists of what was written; the value of a register is the last element.
 */

type Order = 'none' | 'process' | 'realtime'
type Keys = ReadonlyMap<string, readonly HistoryValue[]>

/** Whether some order of the transactions, done one after the other, gives what was read. */
export function hasSerialOrder(transactions: readonly Transaction[], order: Order): boolean {
  const search = (left: readonly Transaction[], keys: Keys): boolean =>
    left.every(({ outcome }) => outcome === 'unknown') ||
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
): boolean {
  interface Begun {
    readonly transaction: Transaction
    readonly keys: Keys
  }
  const search = (left: readonly Transaction[], begun: readonly Begun[], keys: Keys): boolean =>
    (begun.length === 0 && left.every(({ outcome }) => outcome === 'unknown')) ||
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
export function hasUpdateOrder(transactions: readonly Transaction[]): boolean {
  const all = possible(transactions)
  const updates = all.filter(({ operations }) => operations.some(({ kind }) => kind !== 'read'))
  const readers = all.filter((each) => !updates.includes(each) && each.outcome === 'ok')
  const outcomes = readers.map((reader) => serialOutcomes([...updates, reader]))
  return [...serialOutcomes(updates)].some((outcome) => outcomes.every((each) => each.has(outcome)))
}

/** What the keys can hold in the end, as text, after all orders that give what was read. */
function serialOutcomes(transactions: readonly Transaction[]): ReadonlySet<string> {
  const outcomes = new Set<string>()
  const search = (left: readonly Transaction[], keys: Keys): void => {
    if (left.every(({ outcome }) => outcome === 'unknown')) {
      outcomes.add(JSON.stringify([...keys].filter(([, list]) => list.length > 0).sort()))
    }
    for (const next of left) {
      const after = run(next, keys)
      if (after !== undefined) search(without(left, next), after)
    }
  }
  search(transactions, new Map())
  return outcomes
}

export type SessionGuarantee = 'read-your-writes' | 'monotonic-reads' | 'monotonic-writes'

/**
 * Whether each key has some order of writes in which every read finds a beginning, and every client by itself its own
 * earlier writes, never less than before, or its own writes in its order. Less is asked than by any definition in use:
 * what this forbids, they forbid.
 */
export function hasSessionOrder(transactions: readonly Transaction[], guarantee: SessionGuarantee): boolean {
  const all = possible(transactions)
  return permutations(all).some((order) => {
    if (guarantee === 'monotonic-writes' && !keepsWriteOrder(order)) return false
    const states: Keys[] = [new Map()]
    for (const each of order) states.push(withWrites(states.at(-1)!, writesOf(each)))
    return order.every((transaction) => findsEnough(transaction, order, states, guarantee))
  })
}

const keepsWriteOrder = (order: readonly Transaction[]): boolean =>
  order.every((later, at) =>
    order.slice(at + 1).every((earlier) => {
      const shares = [...writesOf(earlier).keys()].some((key) => writesOf(later).has(key))
      return !shares || !comesBefore(earlier, later, 'process')
    }),
  )

function findsEnough(
  transaction: Transaction,
  order: readonly Transaction[],
  states: readonly Keys[],
  guarantee: SessionGuarantee,
): boolean {
  if (transaction.outcome !== 'ok') return true
  const before = order.filter((each) => each.outcome === 'ok' && comesBefore(each, transaction, 'process'))
  return transaction.operations.every(({ kind, key }, step, operations) => {
    if (kind !== 'read') return true
    // The longest that it can have found, against the shortest that each has to.
    const lengths = lengthsFound(transaction, step, order, states)
    const longest = Math.max(...lengths)
    if (longest < 0) return false
    // What a transaction writes comes after what it read before, as is assumed of registers.
    const own = lengthOf(states[order.indexOf(transaction)]!, String(key))
    const writesLater = operations
      .slice(step)
      .some((each) => each.kind !== 'read' && equalValues(each.key, key))
    if (writesLater && Math.min(...lengths) > own) return false
    if (guarantee === 'monotonic-writes') return true
    if (guarantee === 'read-your-writes') {
      const list = states.at(-1)!.get(String(key)) ?? []
      const last = (value: HistoryValue): number => list.findIndex((other) => equalValues(other, value))
      return before.every((each) =>
        (writesOf(each).get(String(key)) ?? []).every((own) => last(own) < longest),
      )
    }
    return before.every((each) =>
      each.operations.every(
        (other, at) =>
          other.kind !== 'read' ||
          !equalValues(other.key, key) ||
          Math.min(...lengthsFound(each, at, order, states)) <= longest,
      ),
    )
  })
}

/** How many writes of the key a read may have found; of its own transaction's, what is installed. */
function lengthsFound(
  transaction: Transaction,
  step: number,
  order: readonly Transaction[],
  states: readonly Keys[],
): number[] {
  const { operations } = transaction
  const operation = operations[step]!
  const key = String(operation.key)
  const own = operations
    .slice(0, step)
    .flatMap((each) => (each.kind !== 'read' && equalValues(each.key, operation.key) ? [each.value] : []))
  const among = readsOwnFirst(transaction, key) ? [states[order.indexOf(transaction)]!] : states
  return among.flatMap((keys) => {
    const list = keys.get(key) ?? []
    return reads(operation, [...list, ...own]) ? [list.length + own.length] : []
  })
}

const visibilityRules = {
  'read-committed': { sessions: false, closed: false, conflicts: false },
  'cursor-stability': { sessions: false, closed: false, conflicts: false },
  'read-atomic': { sessions: false, closed: false, conflicts: false },
  'causal-cerone': { sessions: false, closed: true, conflicts: false },
  'parallel-snapshot-isolation': { sessions: false, closed: true, conflicts: true },
  'strong-session-read-committed': { sessions: true, closed: false, conflicts: false },
  'strong-session-read-atomic': { sessions: true, closed: false, conflicts: false },
  causal: { sessions: true, closed: true, conflicts: false },
  'strong-session-parallel-snapshot-isolation': { sessions: true, closed: true, conflicts: true },
} as const satisfies Partial<
  Record<
    ConsistencyModel,
    {
      /** What a client did before is seen. */
      readonly sessions: boolean
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
export function hasVisibility(transactions: readonly Transaction[], model: VisibilityModel): boolean {
  const all = possible(transactions)
  return subsets(all.filter(({ outcome }) => outcome === 'unknown')).some((aborted) =>
    permutations(all.filter((each) => !aborted.includes(each))).some((committed) => fits(committed, model)),
  )
}

function fits(committed: readonly Transaction[], model: VisibilityModel): boolean {
  const { sessions, closed, conflicts } = visibilityRules[model]
  const isAfter = (later: Transaction, earlier: Transaction): boolean =>
    sessions && comesBefore(earlier, later, 'process')
  if (committed.some((each, at) => committed.slice(at + 1).some((later) => isAfter(each, later))))
    return false
  const states: Keys[] = [new Map()]
  for (const transaction of committed) states.push(withWrites(states.at(-1)!, writesOf(transaction)))
  if (model === 'cursor-stability' && !committed.every((each, at) => replacesWhatItRead(each, states[at]!)))
    return false
  if (
    model === 'read-committed' ||
    model === 'cursor-stability' ||
    model === 'strong-session-read-committed'
  ) {
    return committed.every((transaction, at) =>
      transaction.operations.every((_, step) => readsSome(transaction, step, states.slice(0, at + 1))),
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

/** Whether a step reads what one of the states holds; of its own writes, what it installs. */
function readsSome({ operations, outcome }: Transaction, step: number, states: readonly Keys[]): boolean {
  const operation = operations[step]!
  if (operation.kind !== 'read' || outcome !== 'ok') return true
  const own = operations
    .slice(0, step)
    .flatMap(({ kind, key, value }) => (kind !== 'read' && equalValues(key, operation.key) ? [value!] : []))
  const readBefore = operations.find(({ key }) => equalValues(key, operation.key))!.kind === 'read'
  const among = own.length === 0 || readBefore ? states : [states.at(-1)!]
  return among.some((keys) => reads(operation, [...(keys.get(String(operation.key)) ?? []), ...own]))
}

/** Whether the first that the transaction reads of a key is what it wrote itself: then that is what it installs. */
const readsOwnFirst = ({ operations }: Pick<Transaction, 'operations'>, key: string): boolean => {
  const steps = operations.filter((operation) => String(operation.key) === key)
  return steps[0]!.kind !== 'read' && steps.some(({ kind }) => kind === 'read')
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

function reads({ value }: MicroOperation, list: readonly HistoryValue[]): boolean {
  if (Array.isArray(value)) return equalValues(value, list)
  return equalValues(value!, list.at(-1) ?? null)
}

function writesOf({ operations }: Transaction): Map<string, HistoryValue[]> {
  const writes = new Map<string, HistoryValue[]>()
  for (const { kind, key, value } of operations) {
    if (kind !== 'read') writes.set(String(key), [...(writes.get(String(key)) ?? []), value!])
  }
  return writes
}

const withWrites = (keys: Keys, writes: Keys): Keys =>
  new Map([...keys, ...[...writes].map(([key, list]) => [key, [...(keys.get(key) ?? []), ...list]] as const)])

const lengthOf = (keys: Keys, key: string): number => keys.get(key)?.length ?? 0

/** What may have happened. */
const possible = (transactions: readonly Transaction[]): Transaction[] =>
  transactions.filter(({ outcome }) => outcome !== 'failed')

function comesBefore(first: Transaction, second: Transaction, order: Order): boolean {
  if (first === second || first.outcome !== 'ok' || order === 'none') return false
  if (order === 'process' && first.process !== second.process) return false
  return first.return! < second.call
}

const without = <Item>(items: readonly Item[], item: Item): Item[] => items.filter((each) => each !== item)

function permutations<Item>(items: readonly Item[]): Item[][] {
  if (items.length === 0) return [[]]
  return items.flatMap((first) => permutations(without(items, first)).map((rest) => [first, ...rest]))
}

function subsets<Item>(items: readonly Item[]): Item[][] {
  let all: Item[][] = [[]]
  for (const item of items) all = all.concat(all.map((set) => [...set, item]))
  return all
}
