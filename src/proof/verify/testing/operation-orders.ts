import type { MicroOperation, Transaction } from '../transactions/transaction.ts'
import {
  type Accepts,
  asText,
  comesBefore,
  type Keys,
  type Order,
  possible,
  reads,
  subsets,
} from './trying-all.ts'

/**
 * For tests: consistency models that say nothing of transactions, by trying every order of their single steps. A
 * transaction is here what a client does step by step: others' steps may come in between. Of what aborted no step was
 * done, of what is unknown all or none.
 */

/**
 * Whether some order of all steps gives what was read and keeps, with `process`, to the order in which each client did
 * them: sequential consistency (Lamport 1979, "How to Make a Multiprocessor Computer"). With `realtime` a transaction
 * that was called after another returned takes all its steps later: linearizability (Herlihy and Wing 1990, section 2.2),
 * which holds of all keys together where it holds of each (section 3.1).
 */
export function hasOperationOrder(
  transactions: readonly Transaction[],
  order: Exclude<Order, 'none'>,
  accepts: Accepts = () => true,
): boolean {
  return someOutcome(transactions, (committed) => {
    const outcomes = outcomesOf(committed, order, accepts, () => true)
    return outcomes.size > 0
  })
}

/**
 * Whether for each client some order of its own steps and the writes of all others gives what it read, and keeps to the
 * order in which every client did them: pipelined random access memory (Lipton and Sandberg 1988, "PRAM: A Scalable
 * Shared Memory", section 2). What others read plays no part. Where `accepts` speaks of one order of each key's writes,
 * that is the order of all clients.
 */
export function hasPipelinedOrders(transactions: readonly Transaction[], accepts?: Accepts): boolean {
  return someOutcome(transactions, (committed) => {
    const clients = [...new Set(committed.map(({ process }) => process))]
    const outcomes = clients.map((client) =>
      outcomesOf(committed, 'process', accepts ?? (() => true), ({ process }) => process === client),
    )
    if (accepts === undefined) return outcomes.every(({ size }) => size > 0)
    return [...(outcomes[0] ?? [''])].some((outcome) => outcomes.every((each) => each.has(outcome)))
  })
}

/** Tries all that those of unknown outcome may have come to. */
function someOutcome(
  transactions: readonly Transaction[],
  holds: (committed: readonly Transaction[]) => boolean,
): boolean {
  const all = possible(transactions)
  const unknown = all.filter(({ outcome }) => outcome === 'unknown')
  return subsets(unknown).some((aborted) => holds(all.filter((each) => !aborted.includes(each))))
}

/** What is written in the end, as text, after all orders in which the readers find what they read. */
function outcomesOf(
  committed: readonly Transaction[],
  order: Order,
  accepts: Accepts,
  isReader: (transaction: Transaction) => boolean,
): ReadonlySet<string> {
  const steps = committed.map((transaction) =>
    transaction.operations.filter(
      ({ kind }) => kind !== 'read' || (isReader(transaction) && transaction.outcome === 'ok'),
    ),
  )
  const outcomes = new Set<string>()
  const tried = new Set<string>()
  const search = (done: readonly number[], keys: Keys): void => {
    const text = asText(keys)
    const place = `${done} ${text}`
    if (tried.has(place)) return
    tried.add(place)
    const isDone = (at: number): boolean => done[at] === steps[at]!.length
    if (steps.every((_, at) => isDone(at))) {
      if (accepts(keys)) outcomes.add(text)
      return
    }
    committed.forEach((transaction, at) => {
      if (isDone(at)) return
      if (committed.some((other, place) => !isDone(place) && comesBefore(other, transaction, order))) return
      const after = take(steps[at]![done[at]!]!, keys)
      if (after !== undefined) search(done.with(at, done[at]! + 1), after)
    })
  }
  search(
    steps.map(() => 0),
    new Map(),
  )
  return outcomes
}

/** The keys after the step; undefined when it reads something else. */
function take(step: MicroOperation, keys: Keys): Keys | undefined {
  const key = String(step.key)
  const values = keys.get(key) ?? []
  if (step.kind === 'read') return reads(step, values) ? keys : undefined
  return new Map([...keys, [key, [...values, step.value]]])
}
