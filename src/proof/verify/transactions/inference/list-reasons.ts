import { shortValue as short } from '../explain/describe-transaction.ts'
import type { Inference, Reason } from './inference.ts'
import { isLive, isMissed, lastLive } from './list-append.ts'
import type { KeyOrder, ListObservations } from './observe-lists.ts'

/** Finds out again what an edge came from, when somebody asks: to keep that for every edge would be most of the work. */
export function listReasons(observed: ListObservations): Inference['reasonFor'] {
  return (from, to, kind) => {
    switch (kind) {
      case 'ww':
        return writeReason(observed, from, to)
      case 'wr':
        return readReason(observed, from, to)
      case 'rw':
        return antiReason(observed, from, to)
      case 'rw-predicate':
      case 'process':
      case 'realtime':
        return undefined
    }
  }
}

function writeReason(observed: ListObservations, from: number, to: number): Reason | undefined {
  const { appends, keys } = observed
  for (const append of numbersOf(appends.transaction, to)) {
    const order = keys[appends.key[append]!]!
    const place = appends.place[append]!
    const before = place < 0 ? lastLive(observed, order) : previousLive(observed, order, place)
    if (before < 0 || appends.transaction[before] !== from) continue
    return following(order, appends.element[before]!, appends.element[append]!, place < 0)
  }
  return undefined
}

function following(
  { key }: KeyOrder,
  before: Reason['after'],
  after: Reason['after'],
  isUnread: boolean,
): Reason {
  const where = `key ${short(key)}`
  return {
    key,
    before,
    after,
    explain: (first, second) =>
      isUnread
        ? `${second} appended ${short(after)} to ${where}, which nobody read, so after ${first}'s append of ${short(before)}, which was read`
        : `${second} appended ${short(after)} to ${where} right after ${first} appended ${short(before)}`,
    label: `${short(key)}: ${short(after)} appended after ${short(before)}`,
  }
}

function readReason(observed: ListObservations, from: number, to: number): Reason | undefined {
  const { appends, keys, reads } = observed
  for (const read of numbersOf(reads.transaction, to)) {
    const list = reads.list[read]!
    const order = keys[reads.key[read]!]!
    const length = list.length - reads.own[read]!
    const last = length === 0 ? undefined : order.appendOf.get(list[length - 1]!)
    if (last === undefined || appends.transaction[last] !== from) continue
    const { key } = order
    const element = appends.element[last]!
    return {
      key,
      before: element,
      after: element,
      explain: (first, second) =>
        `${second} observed ${first}'s append of ${short(element)} to key ${short(key)}`,
      label: `${short(key)}: ${short(element)} appended, then read`,
    }
  }
  return undefined
}

function antiReason(observed: ListObservations, from: number, to: number): Reason | undefined {
  const { appends, keys, reads } = observed
  for (const read of numbersOf(reads.transaction, from)) {
    const version = reads.version[read]!
    if (version < 0) continue
    const order = keys[reads.key[read]!]!
    const { key } = order
    const missed = numbersOf(appends.transaction, to).find(
      (append) => appends.key[append] === reads.key[read] && isMissed(appends.place[append]!, version, order),
    )
    if (missed === undefined) continue
    const list = reads.list[read]!
    const element = appends.element[missed]!
    const isUnread = appends.place[missed]! < 0
    return {
      key,
      before: list[version - 1],
      after: element,
      explain: (first, second) =>
        `${first} did not observe ${second}'s append of ${short(element)} to key ${short(key)}: it read ${short(list)}` +
        (isUnread ? `, and nobody read ${short(element)}` : ''),
      label: `${short(key)}: read ${version === 0 ? 'empty' : `up to ${short(list[version - 1])}`}, before ${short(element)} appended`,
    }
  }
  return undefined
}

function previousLive(observed: ListObservations, order: KeyOrder, place: number): number {
  for (let at = place - 1; at >= 0; at--) {
    if (isLive(observed, order.appends[at]!)) return order.appends[at]!
  }
  return -1
}

/** The numbers whose transaction is this one: they stand together, in order. */
export function numbersOf(transactions: readonly number[], transaction: number): number[] {
  let low = 0
  let high = transactions.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (transactions[middle]! < transaction) low = middle + 1
    else high = middle
  }
  const numbers: number[] = []
  while (transactions[low] === transaction) numbers.push(low++)
  return numbers
}
