import type { Transaction } from '../transactions/transaction.ts'
import { readsSome } from './transaction-orders.ts'
import {
  type Accepts,
  type Keys,
  permutations,
  possible,
  subsets,
  withWrites,
  writesOf,
} from './trying-all.ts'

/**
 * For tests: consistency models of transactions whose steps each see more than those before, by trying every order of
 * commits and all that each step may see.
 */

type Sees = 'snapshots' | 'transactions'

/**
 * Whether some order of commits gives what was read, where each step sees at least what the step before it saw.
 *
 * - `snapshots`: it sees what was committed at some moment. Monotonic snapshot reads (Adya 1999, section 4.4), though
 *   less is asked than there: nothing of what a step writes.
 * - `transactions`: it sees some of the earlier commits, and each of them wholly: monotonic atomic view (Bailis and
 *   others 2013, "Highly Available Transactions", section 5.1.2).
 */
export function hasGrowingViews(
  transactions: readonly Transaction[],
  sees: Sees,
  accepts: Accepts = () => true,
): boolean {
  const all = possible(transactions)
  return subsets(all.filter(({ outcome }) => outcome === 'unknown')).some((aborted) =>
    permutations(all.filter((each) => !aborted.includes(each))).some((committed) => {
      const states: Keys[] = [new Map()]
      for (const each of committed) states.push(withWrites(states.at(-1)!, writesOf(each)))
      return accepts(states.at(-1)!) && committed.every((_, at) => readsGrowing(committed, states, at, sees))
    }),
  )
}

function readsGrowing(
  committed: readonly Transaction[],
  states: readonly Keys[],
  at: number,
  sees: Sees,
): boolean {
  const transaction = committed[at]!
  const earlier = committed.slice(0, at)
  const views =
    sees === 'snapshots'
      ? committed.slice(0, at + 1).map((_, count) => earlier.slice(0, count))
      : subsets(earlier)
  const search = (step: number, seen: readonly Transaction[]): boolean =>
    step === transaction.operations.length ||
    views.some(
      (view) =>
        seen.every((each) => view.includes(each)) &&
        // The last is the state that its own writes come upon.
        readsSome(transaction, step, [viewOf(view, committed, states)], states[at]!) &&
        search(step + 1, view),
    )
  return search(0, [])
}

/** Each key as the last that is seen left it. */
function viewOf(
  seen: readonly Transaction[],
  committed: readonly Transaction[],
  states: readonly Keys[],
): Keys {
  const keys = new Map(states[0]!)
  committed.forEach((each, place) => {
    if (!seen.includes(each)) return
    for (const key of writesOf(each).keys()) keys.set(key, states[place + 1]!.get(key)!)
  })
  return keys
}
