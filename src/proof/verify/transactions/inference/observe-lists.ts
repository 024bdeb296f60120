import type { HistoryValue } from '../../history/event.ts'
import { HistoryError } from '../../history/history-error.ts'
import { equalValues } from '../../history/value/equal-values.ts'
import { formatValue } from '../../history/value/format-value.ts'
import type { Effort } from '../effort.ts'
import type { ReadOperation, Transaction, WriteOperation } from '../transaction.ts'
import { Findings } from './findings.ts'
import { KeyNumbers, ValueMap } from './interner.ts'

/**
 * What a history of appends and reads of lists says of one key: the order of its versions is the longest list that was
 * read, since no element ever moves (Kingsbury and Alvaro, "Elle", VLDB 2020, on traceability).
 */
export interface KeyOrder {
  readonly key: HistoryValue
  /** The longest read, up to the first element that stands there twice. */
  elements: readonly HistoryValue[]
  /** Who read it; -1 before anybody did. */
  reader: number
  /** The longest list that ended with the reader's own elements. */
  ownRead: OwnRead | undefined
  /** Whether every read fits into this order, so that what is not in it comes after it. */
  isWhole: boolean
  /** The append of each element, by number; -1 for garbage. */
  appends: Int32Array
  /** Whether one of the appends is of a transaction that aborted. */
  hasAborted: boolean
  /** Numbers of all appends to the key. */
  readonly appendOf: ValueMap<number>
}

interface OwnRead {
  readonly list: readonly HistoryValue[]
  readonly reader: number
}

/** Reads that tell of other transactions: of each the first of a key, unless it contradicts itself. Arrays side by side: there are very many. */
export interface Reads {
  readonly transaction: number[]
  readonly key: number[]
  readonly list: (readonly HistoryValue[])[]
  /** How many elements at the end of the list the transaction had appended itself. */
  readonly own: number[]
  /** The length of the list without its own elements, where it fits the key's order; -1 where it does not. */
  version: Int32Array
}

export interface Appends {
  readonly transaction: number[]
  readonly key: number[]
  readonly element: HistoryValue[]
  /** Whether the transaction appended to the key again afterwards. */
  readonly isIntermediate: boolean[]
  /** Place in the key's order from 0 on; -1 when nobody read it. */
  place: Int32Array
}

/** A history of list-append with the orders of its versions. */
export interface ListObservations {
  readonly transactions: readonly Transaction[]
  readonly keys: readonly KeyOrder[]
  readonly reads: Reads
  readonly appends: Appends
  /** Read and next append of the same transaction at the same key: [read, append], numbers in turn. */
  readonly updates: readonly number[]
  readonly findings: Findings
}

/** Reads the steps and finds the orders; undefined when the effort is spent. */
export function observeLists(
  transactions: readonly Transaction[],
  examplesMax: number,
  effort: Effort,
): ListObservations | undefined {
  const observer = new ListObserver(transactions, new Findings(examplesMax))
  for (const transaction of transactions) {
    if (!effort.spend(transaction.operations.length)) return undefined
    observer.observe(transaction)
  }
  return observer.finish(effort)
}

const NONE: readonly HistoryValue[] = []

class ListObserver {
  readonly #transactions: readonly Transaction[]
  readonly #findings: Findings
  readonly #numbers = new KeyNumbers()
  readonly #keys: KeyOrder[] = []
  readonly #reads: Reads = { transaction: [], key: [], list: [], own: [], version: new Int32Array(0) }
  readonly #appends: Appends = {
    transaction: [],
    key: [],
    element: [],
    isIntermediate: [],
    place: new Int32Array(0),
  }
  readonly #updates: number[] = []

  // What the transaction at hand knows of a key, by the key's number; of older ones where `#since` is not its own.
  readonly #since: number[] = []
  readonly #known: (readonly HistoryValue[] | undefined)[] = []
  readonly #ownFrom: number[] = []
  readonly #own: HistoryValue[][] = []
  readonly #lastRead: number[] = []

  constructor(transactions: readonly Transaction[], findings: Findings) {
    this.#transactions = transactions
    this.#findings = findings
  }

  observe(transaction: Transaction): void {
    for (const operation of transaction.operations) {
      const key = this.#numbers.numberOf(operation.key)
      if (key === this.#keys.length) this.#addKey(operation.key)
      if (this.#since[key] !== transaction.index) {
        this.#since[key] = transaction.index
        this.#known[key] = undefined
        this.#ownFrom[key] = -1
        if (this.#own[key]!.length > 0) this.#own[key] = []
        this.#lastRead[key] = -1
      }
      if (operation.kind === 'read') {
        if (transaction.outcome === 'ok') this.#observeRead(transaction, key, operation)
      } else this.#observeAppend(transaction, key, operation)
    }
  }

  #addKey(key: HistoryValue): void {
    this.#keys.push({
      key,
      elements: NONE,
      reader: -1,
      ownRead: undefined,
      isWhole: true,
      appends: new Int32Array(0),
      hasAborted: false,
      appendOf: new ValueMap(),
    })
    this.#since.push(-1)
    this.#known.push(undefined)
    this.#ownFrom.push(-1)
    this.#own.push([])
    this.#lastRead.push(-1)
  }

  #observeAppend(transaction: Transaction, key: number, { kind, value }: WriteOperation): void {
    if (kind !== 'append') throw wrongStep(transaction, 'a write of a register')
    const appends = this.#appends
    const append = appends.element.length
    const { appendOf } = this.#keys[key]!
    const before = appendOf.get(value)
    if (before !== undefined) {
      throw appendedTwice(
        this.#transactions,
        transaction,
        appends.transaction[before]!,
        this.#keys[key]!.key,
        value,
      )
    }
    appendOf.set(value, append)
    appends.transaction.push(transaction.index)
    appends.key.push(key)
    appends.element.push(value)
    appends.isIntermediate.push(false)
    if (this.#ownFrom[key]! >= 0) appends.isIntermediate[this.#ownFrom[key]!] = true
    else if (this.#lastRead[key]! >= 0) this.#updates.push(this.#lastRead[key]!, append)
    this.#ownFrom[key] = append
    this.#own[key]!.push(value)
  }

  #observeRead(transaction: Transaction, key: number, { value }: ReadOperation): void {
    const list = value === null ? NONE : value
    if (!Array.isArray(list)) throw wrongStep(transaction, `a read of ${formatValue(list)}`)
    const order = this.#keys[key]!
    const known = this.#known[key]
    const own = this.#own[key]!
    const isOwn = this.#ownFrom[key]! >= 0
    this.#known[key] = list
    if (known === undefined) {
      if (endsWith(list, own)) {
        // What stands before its own elements was read from outside.
        this.#addRead(transaction.index, key, list, own.length)
        if (isOwn) order.ownRead = longer(order.ownRead, { list, reader: transaction.index })
      } else this.#contradictsItself(transaction, order, list, `a list that ends with ${formatValue(own)}`)
    } else if (!isConcatenation(list, known, own)) {
      this.#contradictsItself(transaction, order, list, formatValue([...known, ...own]))
      if (!isOwn) this.#addRead(transaction.index, key, list, 0)
    }
    if (own.length > 0) this.#own[key] = []
  }

  #contradictsItself(
    { index }: Transaction,
    { key }: KeyOrder,
    list: readonly HistoryValue[],
    expected: string,
  ): void {
    this.#findings.add(
      'internal',
      [index],
      () =>
        `T1 read ${formatValue(list)} at key ${formatValue(key)}, but by what it had read and appended before it ` +
        `should have found ${expected}.`,
    )
  }

  #addRead(transaction: number, key: number, list: readonly HistoryValue[], own: number): void {
    const reads = this.#reads
    const order = this.#keys[key]!
    if (own === 0 && (list.length > order.elements.length || order.reader < 0)) {
      order.elements = list
      order.reader = transaction
    }
    if (own === 0) this.#lastRead[key] = reads.list.length
    reads.transaction.push(transaction)
    reads.key.push(key)
    reads.list.push(list)
    reads.own.push(own)
  }

  finish(effort: Effort): ListObservations | undefined {
    this.#appends.place = new Int32Array(this.#appends.element.length).fill(-1)
    for (const order of this.#keys) this.#placeAppends(order)
    if (!this.#placeReads(effort)) return undefined
    return {
      transactions: this.#transactions,
      keys: this.#keys,
      reads: this.#reads,
      appends: this.#appends,
      updates: this.#updates,
      findings: this.#findings,
    }
  }

  #placeAppends(order: KeyOrder): void {
    const { ownRead } = order
    // What a transaction read of its own is what it installs, where that goes on from what others read.
    if (
      ownRead !== undefined &&
      ownRead.list.length > order.elements.length &&
      isBeginning(order.elements, ownRead.list)
    ) {
      order.elements = ownRead.list
      order.reader = ownRead.reader
    }
    const { elements, appendOf, key, reader } = order
    const { place, transaction } = this.#appends
    order.appends = new Int32Array(elements.length)
    let seen: ValueMap<boolean> | undefined
    for (let at = 0; at < elements.length; at++) {
      const element = elements[at]!
      const append = appendOf.get(element)
      const garbageTwice = append === undefined && (seen ??= new ValueMap()).get(element) === true
      if (garbageTwice || (append !== undefined && place[append]! >= 0)) {
        this.#findings.add(
          'duplicate-elements',
          append === undefined ? [reader] : [reader, transaction[append]!],
          () =>
            `T1 read ${formatValue(elements)} at key ${formatValue(key)}: ${formatValue(element)} stands there twice, ` +
            `${append === undefined ? 'and nobody appended it' : 'but T2 appended it once'}.`,
        )
        order.elements = elements.slice(0, at)
        order.appends = order.appends.slice(0, at)
        order.isWhole = false
        return
      }
      if (append === undefined) {
        seen!.set(element, true)
        this.#addGarbage(order, reader, element)
        order.appends[at] = -1
        continue
      }
      order.appends[at] = append
      place[append] = at
      if (this.#transactions[transaction[append]!]!.outcome === 'failed') order.hasAborted = true
    }
  }

  #placeReads(effort: Effort): boolean {
    const reads = this.#reads
    reads.version = new Int32Array(reads.list.length)
    for (let read = 0; read < reads.list.length; read++) {
      const list = reads.list[read]!
      const order = this.#keys[reads.key[read]!]!
      if (!effort.spend(list.length + 1)) return false
      if (isBeginning(list, order.elements)) {
        reads.version[read] = list.length - reads.own[read]!
        continue
      }
      reads.version[read] = -1
      const hadDuplicates = !order.isWhole && isBeginning(order.elements, list)
      order.isWhole = false
      // A read that goes on as the longest does behind an element that stands there twice is already told of.
      if (!hadDuplicates) this.#addIncompatible(order, reads.transaction[read]!, list)
    }
    return true
  }

  #addIncompatible(order: KeyOrder, reader: number, list: readonly HistoryValue[]): void {
    const key = formatValue(order.key)
    this.#findings.add(
      'incompatible-order',
      [reader, order.reader],
      () =>
        `At key ${key} T1 read ${formatValue(list)} and T2 read ${formatValue(order.elements)}: neither list begins ` +
        'with the other, though elements are only ever appended.',
    )
    for (const element of list) {
      if (
        order.appendOf.get(element) === undefined &&
        !order.elements.some((each) => equalValues(each, element))
      )
        this.#addGarbage(order, reader, element)
    }
  }

  #addGarbage(order: KeyOrder, reader: number, element: HistoryValue): void {
    this.#findings.add(
      'garbage-read',
      [reader],
      () =>
        `T1 read ${formatValue(element)} at key ${formatValue(order.key)}, which nobody ever tried to append. ` +
        '(Elle passes over this.)',
    )
  }
}

const longer = (before: OwnRead | undefined, read: OwnRead): OwnRead =>
  before === undefined || read.list.length > before.list.length ? read : before

function isBeginning(list: readonly HistoryValue[], of: readonly HistoryValue[]): boolean {
  if (list === of) return true
  if (list.length > of.length) return false
  for (let at = 0; at < list.length; at++) {
    if (list[at] !== of[at] && !equalValues(list[at]!, of[at]!)) return false
  }
  return true
}

function endsWith(list: readonly HistoryValue[], end: readonly HistoryValue[]): boolean {
  const start = list.length - end.length
  return start >= 0 && end.every((element, at) => equalValues(element, list[start + at]!))
}

function isConcatenation(
  list: readonly HistoryValue[],
  beginning: readonly HistoryValue[],
  end: readonly HistoryValue[],
): boolean {
  return list.length === beginning.length + end.length && isBeginning(beginning, list) && endsWith(list, end)
}

function wrongStep({ call }: Transaction, found: string): HistoryError {
  return new HistoryError({
    found,
    expected: 'appends and reads of lists alone',
    advice: 'Histories of registers are checked with the workload rw-register.',
    index: call,
  })
}

function appendedTwice(
  transactions: readonly Transaction[],
  transaction: Transaction,
  before: number,
  key: HistoryValue,
  element: HistoryValue,
): HistoryError {
  return new HistoryError({
    found: `a second append of ${formatValue(element)} to key ${formatValue(key)}, after that of event ${transactions[before]!.call}`,
    expected: 'every element to be appended to its key once',
    advice:
      'Let each client append elements that no other ever does: else nobody can tell which one was read.',
    index: transaction.call,
  })
}
