import type { HistoryValue } from '../../history/event.ts'
import { formatValue } from '../../history/value/format-value.ts'
import type { Effort } from '../effort.ts'
import { RW, WR, WW } from '../graph/edge-kind.ts'
import { GraphBuilder } from '../graph/graph.ts'
import { linkAll } from '../graph/link-all.ts'
import type { Transaction } from '../transaction.ts'
import type { Inference } from './inference.ts'
import { linkMissed } from './link-missed.ts'
import { listReasons } from './list-reasons.ts'
import { type KeyOrder, type ListObservations, observeLists } from './observe-lists.ts'

/**
 * The dependencies of a history of appends and reads of lists (Elle, VLDB 2020, on traceability). Of each key:
 *
 * 1. ww: from the append of an element to that of the next; from the last one read to every append of a commit that
 *    nobody read, since that comes later.
 * 2. wr: from the append of the last element of a read to the reader.
 * 3. rw: from the reader to the append of the element after its last; from a reader of everything there was to every
 *    append of a commit that nobody read.
 *
 * Undefined when the effort is spent.
 */
export function inferListAppend(
  transactions: readonly Transaction[],
  examplesMax: number,
  effort: Effort,
): Inference | undefined {
  const observed = observeLists(transactions, examplesMax, effort)
  if (observed === undefined) return undefined
  const { reads, appends, keys, findings } = observed
  const graph = new GraphBuilder(transactions.length, reads.list.length * 2 + appends.element.length + 16)
  const lastReaders: number[][] = keys.map(() => [])
  if (!effort.hold(graph.memoryBytes + reads.list.length * 24 + appends.element.length * 64)) return undefined

  for (const order of keys) linkAppends(graph, observed, order)
  for (let read = 0; read < reads.list.length; read++) linkRead(graph, observed, read, lastReaders)
  if (!effort.spend(reads.list.length + appends.element.length)) return undefined
  linkUnread(graph, observed, lastReaders)
  linkFractured(graph, observed)
  findUpdates(observed)
  return {
    graph,
    findings,
    reasonFor: listReasons(observed),
    linkMissed: (isMember) => linkMissed(graph, observed, isMember),
  }
}

/** Whether the element at this place of the order was appended by what committed, or may have. */
export function isLive({ transactions, appends }: ListObservations, append: number): boolean {
  return append >= 0 && transactions[appends.transaction[append]!]!.outcome !== 'failed'
}

function linkAppends(graph: GraphBuilder, observed: ListObservations, order: KeyOrder): void {
  const { appends, findings } = observed
  let before = -1
  let aborted = -1
  for (let place = 0; place < order.appends.length; place++) {
    const append = order.appends[place]!
    if (append < 0) continue
    const transaction = appends.transaction[append]!
    if (order.hasAborted && !isLive(observed, append)) {
      aborted = append
      continue
    }
    if (aborted >= 0) {
      const element = formatValue(appends.element[aborted]!)
      const next = formatValue(appends.element[append]!)
      findings.add(
        'dirty-update',
        [transaction, appends.transaction[aborted]!],
        () =>
          `At key ${formatValue(order.key)} T1's append of ${next} came upon ${element}, which T2 appended and aborted.`,
      )
      aborted = -1
    }
    if (before >= 0 && before !== transaction) graph.add(before, transaction, WW)
    before = transaction
  }
}

function linkRead(
  graph: GraphBuilder,
  observed: ListObservations,
  read: number,
  lastReaders: readonly number[][],
): void {
  const { reads, appends, keys } = observed
  const reader = reads.transaction[read]!
  const keyNumber = reads.key[read]!
  const order = keys[keyNumber]!
  const version = reads.version[read]!
  const list = reads.list[read]!
  if (version < 0 || order.hasAborted) findAborted(observed, order, reader, list)
  const length = list.length - reads.own[read]!
  const last =
    length === 0
      ? -1
      : version < 0
        ? (order.appendOf.get(list[length - 1]!) ?? -1)
        : order.appends[version - 1]!
  if (last >= 0) {
    const writer = appends.transaction[last]!
    if (writer !== reader && isLive(observed, last)) {
      graph.add(writer, reader, WR)
      if (appends.isIntermediate[last]!) addIntermediate(observed, order, reader, last)
    }
  }
  if (version < 0) return
  const next = nextLive(observed, order, version)
  if (next < 0) lastReaders[keyNumber]!.push(reader)
  else if (appends.transaction[next]! !== reader) graph.add(reader, appends.transaction[next]!, RW)
}

/** The append after the first `version` elements, passing over what aborted; -1 at the end. */
function nextLive(observed: ListObservations, order: KeyOrder, version: number): number {
  for (let place = version; place < order.appends.length; place++) {
    if (isLive(observed, order.appends[place]!)) return order.appends[place]!
  }
  return -1
}

/** The last append of the order that committed, or may have; -1 if there is none. */
export function lastLive(observed: ListObservations, order: KeyOrder): number {
  for (let place = order.appends.length - 1; place >= 0; place--) {
    if (isLive(observed, order.appends[place]!)) return order.appends[place]!
  }
  return -1
}

function linkUnread(graph: GraphBuilder, observed: ListObservations, lastReaders: readonly number[][]): void {
  const { transactions, appends, keys } = observed
  const wasRead = transactionsRead(observed)
  const unread: number[][] = keys.map(() => [])
  for (let append = 0; append < appends.element.length; append++) {
    if (appends.place[append]! >= 0) continue
    const transaction = appends.transaction[append]!
    const { outcome } = transactions[transaction]!
    if (outcome === 'failed' || (outcome === 'unknown' && wasRead[transaction] === 0)) continue
    const all = unread[appends.key[append]!]!
    if (all[all.length - 1] !== transaction) all.push(transaction)
  }
  for (const [key, order] of keys.entries()) {
    // Only where every read fits the order is an append outside of it a later one.
    if (!order.isWhole || unread[key]!.length === 0) continue
    const last = lastLive(observed, order)
    if (last >= 0) linkAll(graph, [appends.transaction[last]!], unread[key]!, WW)
    linkAll(graph, lastReaders[key]!, unread[key]!, RW)
  }
}

/**
 * A reader that saw one append of a transaction and missed another comes before it, even where others appended in
 * between: that edge makes the fractured read a cycle of two.
 */
function linkFractured(graph: GraphBuilder, { transactions, reads, appends, keys }: ListObservations): void {
  const firstAppend = firstOf(appends.transaction, transactions.length)
  const firstRead = firstOf(reads.transaction, transactions.length)
  for (let read = 0; read < reads.list.length; read++) {
    const version = reads.version[read]!
    if (version <= 0) continue
    const seen = keys[reads.key[read]!]!.appends[version - 1]!
    if (seen < 0) continue
    const reader = reads.transaction[read]!
    const writer = appends.transaction[seen]!
    if (reader === writer) continue
    for (let append = firstAppend[writer]!; append < firstAppend[writer + 1]!; append++) {
      const key = appends.key[append]!
      for (let other = firstRead[reader]!; other < firstRead[reader + 1]!; other++) {
        if (reads.key[other] === key && isMissed(appends.place[append]!, reads.version[other]!, keys[key]!)) {
          graph.add(reader, writer, RW)
        }
      }
    }
  }
}

/** Whether an append comes after a read of so many elements. */
export function isMissed(place: number, version: number, { isWhole }: KeyOrder): boolean {
  return version >= 0 && (place < 0 ? isWhole : place >= version)
}

/** Of each transaction where its numbers begin; they stand together, in order. */
function firstOf(transactionOf: readonly number[], transactions: number): Int32Array {
  const first = new Int32Array(transactions + 1)
  let at = 0
  for (let transaction = 0; transaction <= transactions; transaction++) {
    while (at < transactionOf.length && transactionOf[at]! < transaction) at++
    first[transaction] = at
  }
  return first
}

/** Of each transaction, whether somebody read what it appended: one of unknown outcome then committed. */
function transactionsRead({ transactions, appends }: ListObservations): Uint8Array {
  const wasRead = new Uint8Array(transactions.length)
  for (let append = 0; append < appends.element.length; append++) {
    if (appends.place[append]! >= 0) wasRead[appends.transaction[append]!] = 1
  }
  return wasRead
}

function findAborted(
  { transactions, appends, findings }: ListObservations,
  order: KeyOrder,
  reader: number,
  list: readonly HistoryValue[],
): void {
  for (const element of list) {
    const append = order.appendOf.get(element)
    if (append === undefined) continue
    const writer = appends.transaction[append]!
    if (transactions[writer]!.outcome !== 'failed') continue
    findings.add(
      'G1a',
      [reader, writer],
      () =>
        `T1 read ${formatValue(list)} at key ${formatValue(order.key)}, and so saw ${formatValue(element)}, ` +
        'which T2 appended and aborted.',
    )
    return
  }
}

function addIntermediate(
  { appends, findings }: ListObservations,
  order: KeyOrder,
  reader: number,
  append: number,
): void {
  const writer = appends.transaction[append]!
  findings.add(
    'G1b',
    [reader, writer],
    () =>
      `T1 read key ${formatValue(order.key)} up to ${formatValue(appends.element[append]!)}, a state in the middle of ` +
      'T2, which appended more to it afterwards.',
  )
}

/** Lost updates and reads of the transaction's own later appends, from reads that an append follows. */
function findUpdates({ reads, appends, keys, updates, findings, transactions }: ListObservations): void {
  /** Of each key and version: the first commit that read and replaced it. */
  const updaters = new Map<number, number>()
  const versionsMax = keys.reduce((most, { elements }) => Math.max(most, elements.length), 0) + 1
  for (let at = 0; at < updates.length; at += 2) {
    const read = updates[at]!
    const append = updates[at + 1]!
    const version = reads.version[read]!
    if (version < 0) continue
    const transaction = reads.transaction[read]!
    const { key } = keys[reads.key[read]!]!
    const place = appends.place[append]!
    if (place >= 0 && place < version) {
      findings.add(
        'future-read',
        [transaction],
        () =>
          `T1 read ${formatValue(reads.list[read]!)} at key ${formatValue(key)}, with ` +
          `${formatValue(appends.element[append]!)}, which it appended itself only later.`,
      )
      continue
    }
    const slot = reads.key[read]! * versionsMax + version
    const first = updaters.get(slot)
    if (first === undefined) {
      updaters.set(slot, transaction)
      continue
    }
    if (first === transaction || transactions[transaction]!.outcome !== 'ok') continue
    findings.add(
      'lost-update',
      [first, transaction],
      () =>
        `T1 and T2 both read ${formatValue(reads.list[read]!)} at key ${formatValue(key)} and both appended to it: ` +
        'one of them did not see the update of the other.',
    )
  }
}
