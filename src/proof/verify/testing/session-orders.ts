import type { HistoryValue } from '../history/event.ts'
import { equalValues } from '../history/value/equal-values.ts'
import type { Transaction } from '../transactions/transaction.ts'
import { type Accepts, comesBefore, subsets, without } from './trying-all.ts'

/**
 * For tests: the guarantees of single sessions (Terry and others 1994, "Session Guarantees for Weakly Consistent
 * Replicated Data", section 3) by trying every order of the writes of each key. They speak of single reads and writes;
 * a session is what one client does, step by step. Whether a transaction aborted plays no part: what it wrote may have
 * been there. Nor need clients see the writes of others in one order.
 */

export type SessionGuarantee =
  | 'read-your-writes'
  | 'monotonic-reads'
  | 'monotonic-writes'
  | 'writes-follow-reads'

/** One step of a transaction. */
interface Place {
  readonly transaction: Transaction
  readonly step: number
}

interface Write extends Place {
  readonly value: HistoryValue
}

interface Read extends Place {
  readonly value: HistoryValue
  /** What its transaction wrote to the key since it first read it. */
  readonly own: readonly HistoryValue[]
}

/**
 * Whether for each client each key has some order of all writes of which each of its reads finds a beginning, or what its
 * transaction had read and its own writes behind that, and
 *
 * - `read-your-writes`: what the client had written to the key is there,
 * - `monotonic-reads`: what the client had read of the key is there,
 * - `monotonic-writes`: the writes of every client stand in its order,
 * - `writes-follow-reads`: what any client writes to whatever key stands behind what it had read, in some order of all.
 */
export function hasSessionOrder(
  transactions: readonly Transaction[],
  guarantee: SessionGuarantee,
  accepts: Accepts = () => true,
): boolean {
  const uncertain = transactions.filter(({ outcome }) => outcome !== 'ok')
  return subsets(uncertain).some((undone) => {
    const done = transactions.filter((each) => !undone.includes(each))
    const keys = [...new Set(done.flatMap(({ operations }) => operations.map(({ key }) => String(key))))]
    const clients = [...new Set(done.map(({ process }) => process))]
    const follow =
      guarantee === 'writes-follow-reads'
        ? keys.flatMap((key) => writesThatFollow(readsAt(key, done), done))
        : []
    return clients.every((client) => {
      const own = done.filter(({ process }) => process === client)
      const search = (at: number, before: readonly (readonly [Place, Place])[]): boolean =>
        at === keys.length
          ? !isCyclic(before)
          : ordersOf(keys[at]!, done, readsAt(keys[at]!, own), guarantee, accepts).some((order) => {
              const next = order.slice(1).map((write, place) => [order[place]!, write] as const)
              return search(at + 1, guarantee === 'writes-follow-reads' ? [...before, ...next] : [])
            })
      return search(0, follow)
    })
  })
}

/** The orders of the writes of a key that the reads fit, and that give the guarantee. */
function ordersOf(
  key: string,
  done: readonly Transaction[],
  reads: readonly Read[],
  guarantee: SessionGuarantee,
  accepts: Accepts,
): (readonly Write[])[] {
  const writes = done.flatMap((transaction) =>
    transaction.operations.flatMap((operation, step): Write[] =>
      operation.kind !== 'read' && String(operation.key) === key
        ? [{ transaction, step, value: operation.value }]
        : [],
    ),
  )
  const found: (readonly Write[])[] = []
  const search = (order: readonly Write[], left: readonly Write[]): void => {
    if (left.length === 0) {
      const values = order.map(({ value }) => value)
      const fits = reads.every((read) => seenBy(read, values) !== undefined)
      if (fits && keeps(guarantee, reads, order) && accepts(new Map([[key, values]]))) found.push(order)
      return
    }
    for (const next of left) {
      // A list that does not go on like this cannot be read any more.
      const tells = ({ value, own }: Read): boolean =>
        Array.isArray(value) && own.length === 0 && value.length > order.length
      const isRead = reads.every(
        (read) => !tells(read) || equalValues((read.value as HistoryValue[])[order.length]!, next.value),
      )
      if (isRead) search([...order, next], without(left, next))
    }
  }
  search([], writes)
  return found
}

function readsAt(key: string, done: readonly Transaction[]): Read[] {
  return done.flatMap((transaction) =>
    transaction.operations.flatMap((operation, step): Read[] => {
      if (operation.kind !== 'read' || transaction.outcome !== 'ok' || String(operation.key) !== key)
        return []
      const steps = transaction.operations.slice(0, step).filter((each) => String(each.key) === key)
      const first = steps.findIndex(({ kind }) => kind === 'read')
      const own =
        first < 0 ? [] : steps.slice(first).flatMap(({ kind, value }) => (kind === 'read' ? [] : [value!]))
      return [{ transaction, step, value: operation.value!, own }]
    }),
  )
}

/** What was there when it was read; undefined where nothing fits. */
function seenBy({ value, own }: Read, values: readonly HistoryValue[]): readonly HistoryValue[] | undefined {
  if (!Array.isArray(value)) {
    const place = values.findIndex((each) => equalValues(each, value))
    return place < 0 && value !== null ? undefined : values.slice(0, place + 1)
  }
  const list = value as readonly HistoryValue[]
  const isBeginning = (of: readonly HistoryValue[]): boolean => equalValues(of, values.slice(0, of.length))
  const isOnOwn = (count: number): boolean =>
    list.length >= count &&
    equalValues(list.slice(list.length - count), own.slice(own.length - count)) &&
    isBeginning(list.slice(0, list.length - count))
  return own.some((_, at) => isOnOwn(at + 1)) || isBeginning(list) ? list : undefined
}

function keeps(guarantee: SessionGuarantee, reads: readonly Read[], order: readonly Write[]): boolean {
  const values = order.map(({ value }) => value)
  const sees = (read: Read, value: HistoryValue): boolean =>
    seenBy(read, values)!.some((each) => equalValues(each, value))
  switch (guarantee) {
    case 'read-your-writes':
      return reads.every((read) => order.every((write) => !isEarlier(write, read) || sees(read, write.value)))
    case 'monotonic-reads':
      return reads.every((later) =>
        reads.every(
          (read) => !isEarlier(read, later) || seenBy(read, values)!.every((value) => sees(later, value)),
        ),
      )
    case 'monotonic-writes':
      return order.every((write, at) => order.slice(at + 1).every((later) => !isEarlier(later, write)))
    case 'writes-follow-reads':
      return true
  }
}

/** Of what was read at a key, which writes of any key the same client did afterwards. */
const writesThatFollow = (
  reads: readonly Read[],
  done: readonly Transaction[],
): (readonly [Place, Place])[] => {
  const steps = done.flatMap((transaction) =>
    transaction.operations.map((_, step) => ({ transaction, step })),
  )
  const stepOf = ({ transaction, step }: Place) => transaction.operations[step]!
  return reads.flatMap((read) => {
    const seen = Array.isArray(read.value) ? (read.value as readonly HistoryValue[]) : [read.value]
    const sources = steps.filter(
      (each) =>
        stepOf(each).kind !== 'read' &&
        equalValues(stepOf(each).key, stepOf(read).key) &&
        seen.some((value) => equalValues(value, stepOf(each).value!)),
    )
    const later = steps.filter((each) => stepOf(each).kind !== 'read' && isEarlier(read, each))
    return sources.flatMap((source) => later.map((each) => [source, each] as const))
  })
}

const isEarlier = (first: Place, second: Place): boolean =>
  first.transaction === second.transaction
    ? first.step < second.step
    : comesBefore(first.transaction, second.transaction, 'process')

function isCyclic(before: readonly (readonly [Place, Place])[]): boolean {
  const name = ({ transaction, step }: Place): string => `${transaction.index}.${step}`
  return before.some(([first]) => {
    const reached = new Set<string>()
    const go = (from: string): void => {
      for (const [each, next] of before) {
        if (name(each) !== from || reached.has(name(next))) continue
        reached.add(name(next))
        go(name(next))
      }
    }
    go(name(first))
    return reached.has(name(first))
  })
}
