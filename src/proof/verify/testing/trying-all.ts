import type { HistoryValue } from '../history/event.ts'
import { equalValues } from '../history/value/equal-values.ts'
import type { MicroOperation, Transaction } from '../transactions/transaction.ts'

/**
 * For tests: what definitions of consistency models that try everything there is have in common. Values of keys are lists
 * of what was written, one after the other; the value of a register is the last element.
 */

export type Order = 'none' | 'process' | 'realtime'
export type Keys = ReadonlyMap<string, readonly HistoryValue[]>

/** Whether all that was written, in some order, is one to be considered. */
export type Accepts = (written: Keys) => boolean

/**
 * Accepts what the options of registers take for granted of the versions of each key: with `writesFollowReads` that what a
 * transaction writes is newer than what it read before; with `sequentialKeys` (`process`) or `linearizableKeys`
 * (`realtime`) that who comes after another by that order never reads an older version than the other read or left, and
 * writes a newer one.
 */
export function keepsKeys(
  transactions: readonly Transaction[],
  { writesFollowReads, order }: { readonly writesFollowReads: boolean; readonly order: Order },
): Accepts {
  const pairs = transactions.flatMap((first) =>
    transactions
      .filter((second) => comesBefore(first, second, order))
      .map((second) => [first, second] as const),
  )
  const isAfter = (later: readonly number[], earlier: readonly number[]): boolean =>
    later.every((each) => earlier.every((place) => each > place))
  const accepts: Accepts = (written) =>
    [...written].every(([key, values]) => {
      const read = (by: Transaction): number[] => placesRead(by, key, values)
      const wrote = (by: Transaction): number[] => placesWritten(by, key, values)
      return (
        (!writesFollowReads || transactions.every((each) => isAfter(wrote(each), read(each)))) &&
        pairs.every(([first, second]) => {
          const before = [...read(first), ...wrote(first)]
          return (
            isAfter(wrote(second), before) &&
            read(second).every((each) => before.every((place) => each >= place))
          )
        })
      )
    })
  // The same is asked again and again.
  const known = new Map<string, boolean>()
  return (written) => {
    const text = asText(written)
    let answer = known.get(text)
    if (answer === undefined) known.set(text, (answer = accepts(written)))
    return answer
  }
}

/** Of the reads of others' writes by a commit, how many writes each had seen. */
function placesRead(
  { operations, outcome }: Transaction,
  key: string,
  values: readonly HistoryValue[],
): number[] {
  if (outcome !== 'ok') return []
  const steps = operations.filter((operation) => String(operation.key) === key)
  const own = steps.findIndex(({ kind }) => kind !== 'read')
  return steps
    .slice(0, own < 0 ? steps.length : own)
    .map(({ value }) => values.findIndex((each) => equalValues(each, value!)) + 1)
}

/** Where the last of its own writes stands, if it was done. */
function placesWritten(transaction: Transaction, key: string, values: readonly HistoryValue[]): number[] {
  const last = writesOf(transaction).get(key)?.at(-1)
  const place = last === undefined ? -1 : values.findIndex((each) => equalValues(each, last))
  return place < 0 ? [] : [place + 1]
}

/** Whether the first that the transaction reads of a key is what it wrote itself: then that is what it installs. */
export const readsOwnFirst = ({ operations }: Pick<Transaction, 'operations'>, key: string): boolean => {
  const steps = operations.filter((operation) => String(operation.key) === key)
  return steps[0]!.kind !== 'read' && steps.some(({ kind }) => kind === 'read')
}

export function reads({ value }: MicroOperation, list: readonly HistoryValue[]): boolean {
  if (Array.isArray(value)) return equalValues(value, list)
  return equalValues(value!, list.at(-1) ?? null)
}

export function writesOf({ operations }: Transaction): Map<string, HistoryValue[]> {
  const writes = new Map<string, HistoryValue[]>()
  for (const { kind, key, value } of operations) {
    if (kind !== 'read') writes.set(String(key), [...(writes.get(String(key)) ?? []), value!])
  }
  return writes
}

export function withWrites(keys: Keys, writes: Keys): Keys {
  const after = new Map(keys)
  for (const [key, list] of writes) after.set(key, [...(keys.get(key) ?? []), ...list])
  return after
}

export const lengthOf = (keys: Keys, key: string): number => keys.get(key)?.length ?? 0

/** What may have happened. */
export const possible = (transactions: readonly Transaction[]): Transaction[] =>
  transactions.filter(({ outcome }) => outcome !== 'failed')

export function comesBefore(first: Transaction, second: Transaction, order: Order): boolean {
  if (first === second || first.outcome !== 'ok' || order === 'none') return false
  if (order === 'process' && first.process !== second.process) return false
  return first.return! < second.call
}

export const without = <Item>(items: readonly Item[], item: Item): Item[] =>
  items.filter((each) => each !== item)

/** Every order there is. */
export function permutations<Item>(items: readonly Item[]): Item[][] {
  let all: Item[][] = [[]]
  for (const item of items) {
    all = all.flatMap((order) =>
      Array.from({ length: order.length + 1 }, (_, at) => order.toSpliced(at, 0, item)),
    )
  }
  return all
}

export function subsets<Item>(items: readonly Item[]): Item[][] {
  let all: Item[][] = [[]]
  for (const item of items) all = all.concat(all.map((set) => [...set, item]))
  return all
}

/** The same for the same writes in the same order. */
export function asText(written: Keys): string {
  const keys: string[] = []
  for (const [key, list] of written) if (list.length > 0) keys.push(`${key}: ${list}`)
  return keys.sort().join('; ')
}
