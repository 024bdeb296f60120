import { assert } from '../../../../foundation/assert.ts'
import type { HistoryValue } from '../../history/event.ts'
import { valueKey } from '../../history/value/value-key.ts'
import { IntList } from './int-list.ts'
import {
  FINAL_WRITE,
  INTERMEDIATE_WRITE,
  IsolationHistory,
  keyText,
  READ,
  valueText,
} from './isolation-history.ts'
import { hashPair } from './pair-table.ts'
import type { ReadProblem, ReadProblemName } from './read-problem.ts'

/** More of one kind are not kept: one is enough to convict. */
const PROBLEMS_MAX = 16
/** Keys that are small numbers have their numbers in an array, others in a map. */
const DIRECT_KEYS_MAX = 1 << 22
const SMALL_VALUES_MAX = 1 << 30

export interface IsolationHistoryOptions {
  /**
   * A value that was there before all transactions: a read of it that no transaction wrote is of the initial state.
   * Null always is one.
   */
  readonly initialValue?: HistoryValue
}

/**
 * Takes in sessions, their transactions and those operations in order, and finds out who read what of whom.
 *
 * ```ts
 * const builder = new IsolationHistoryBuilder()
 * builder.session(1)
 * builder.transaction(0)
 * builder.write('x', 1)
 * builder.session(2)
 * builder.transaction(1)
 * builder.read('x', 1)
 * const history = builder.build()
 * ```
 *
 * Numbers as keys and values cost no look-up but by array; nothing is allocated for an operation.
 */
export class IsolationHistoryBuilder {
  readonly #sessionStart = new IntList(64)
  readonly #sessionNames: (number | string)[] = []
  readonly #operationStart = new IntList()
  readonly #eventOf = new IntList()
  readonly #operations = new IntList(64)
  readonly #aborted = new Map<number, Map<number, number>>()

  readonly #directKeys: { ids: Int32Array } = { ids: new Int32Array(16).fill(-1) }
  readonly #otherKeys = new Map<unknown, number>()
  readonly #keys: HistoryValue[] = []
  readonly #otherValues = new Map<unknown, number>()
  readonly #values: HistoryValue[] = []
  readonly #initialValue: HistoryValue

  constructor(options: IsolationHistoryOptions = {}) {
    this.#initialValue = options.initialValue ?? null
  }

  /** What follows belongs to a new session. */
  session(name: number | string): void {
    this.#sessionStart.push(this.#eventOf.length)
    this.#sessionNames.push(name)
  }

  /** What follows belongs to a new transaction of the session; `event` is the index of the event that called it. */
  transaction(event: number): void {
    assert(this.#sessionNames.length > 0, 'a transaction belongs to a session')
    this.#operationStart.push(this.#operations.length / 3)
    this.#eventOf.push(event)
  }

  read(key: HistoryValue, value: HistoryValue): void {
    this.#operation(READ, this.#keyId(key), this.#valueCode(value))
  }

  write(key: HistoryValue, value: HistoryValue): void {
    this.#operation(INTERMEDIATE_WRITE, this.#keyId(key), this.#valueCode(value))
  }

  /** A write of a transaction that did not commit, which `event` called: nobody may read it. */
  abortedWrite(key: HistoryValue, value: HistoryValue, event: number): void {
    const id = this.#keyId(key)
    let values = this.#aborted.get(id)
    if (values === undefined) this.#aborted.set(id, (values = new Map()))
    values.set(this.#valueCode(value), event)
  }

  build(): IsolationHistory {
    return new Resolution(
      {
        sessionStart: withEnd(this.#sessionStart, this.#eventOf.length),
        sessionNames: this.#sessionNames,
        operationStart: withEnd(this.#operationStart, this.#operations.length / 3),
        eventOf: this.#eventOf.toArray(),
        operations: this.#operations,
        aborted: this.#aborted,
        keys: this.#keys,
        values: this.#values,
        initialCodes: new Set([this.#valueCode(null), this.#valueCode(this.#initialValue)]),
      },
      this,
    ).history()
  }

  keyAt(key: number): HistoryValue {
    return this.#keys[key]!
  }

  valueAt(code: number): HistoryValue {
    return code >= 0 ? code : this.#values[-1 - code]!
  }

  #operation(kind: number, key: number, value: number): void {
    assert(this.#eventOf.length > 0, 'an operation belongs to a transaction')
    this.#operations.push(kind)
    this.#operations.push(key)
    this.#operations.push(value)
  }

  #keyId(key: HistoryValue): number {
    if (typeof key === 'bigint') key = smallNumber(key)
    if (typeof key === 'number' && key >= 0 && key < DIRECT_KEYS_MAX && Number.isInteger(key)) {
      const direct = this.#directKeys
      if (key >= direct.ids.length) {
        const grown = new Int32Array(Math.max(key + 1, direct.ids.length * 2)).fill(-1)
        grown.set(direct.ids)
        direct.ids = grown
      }
      const id = direct.ids[key]!
      return id >= 0 ? id : (direct.ids[key] = this.#keys.push(key) - 1)
    }
    const plain = plainKey(key)
    let id = this.#otherKeys.get(plain)
    if (id === undefined) this.#otherKeys.set(plain, (id = this.#keys.push(key) - 1))
    return id
  }

  #valueCode(value: HistoryValue): number {
    if (typeof value === 'bigint') value = smallNumber(value)
    if (typeof value === 'number' && value >= 0 && value < SMALL_VALUES_MAX && Number.isInteger(value)) {
      return value
    }
    const plain = plainKey(value)
    let code = this.#otherValues.get(plain)
    if (code === undefined) this.#otherValues.set(plain, (code = -this.#values.push(value)))
    return code
  }
}

/** The same integer as a number, if it is one that numbers are coded for. */
function smallNumber(value: bigint): number | bigint {
  return value >= 0n && value < SMALL_VALUES_MAX ? Number(value) : value
}

/** Strings stand for themselves, everything else for its text after a sign that keeps the two apart. */
function plainKey(value: HistoryValue): string {
  return typeof value === 'string' ? `s${value}` : `v${valueKey(value)}`
}

function withEnd(list: IntList, end: number): Int32Array {
  list.push(end)
  return list.toArray()
}

interface Gathered {
  readonly sessionStart: Int32Array
  readonly sessionNames: readonly (number | string)[]
  readonly operationStart: Int32Array
  readonly eventOf: Int32Array
  readonly operations: IntList
  readonly aborted: ReadonlyMap<number, ReadonlyMap<number, number>>
  readonly keys: readonly HistoryValue[]
  readonly values: readonly HistoryValue[]
  readonly initialCodes: ReadonlySet<number>
}

/** Finds the write of each read: one pass over all operations for writes, one for reads. */
class Resolution {
  readonly #gathered: Gathered
  readonly #builder: IsolationHistoryBuilder
  readonly #count: number
  readonly #kind: Uint8Array
  readonly #key: Int32Array
  readonly #value: Int32Array
  readonly #transactionOf: Int32Array
  readonly #slots: Int32Array
  readonly #slotMask: number
  /** Operations whose value others wrote to the same key too, with all their transactions. */
  readonly #duplicates = new Map<number, number[]>()
  readonly #problems: ReadProblem[] = []
  readonly #problemCounts = new Map<ReadProblemName, number>()

  constructor(gathered: Gathered, builder: IsolationHistoryBuilder) {
    this.#gathered = gathered
    this.#builder = builder
    const { length, items } = gathered.operations
    this.#count = length / 3
    this.#kind = new Uint8Array(this.#count)
    this.#key = new Int32Array(this.#count)
    this.#value = new Int32Array(this.#count)
    this.#transactionOf = new Int32Array(this.#count)
    let writes = 0
    for (let at = 0, from = 0; at < this.#count; at++, from += 3) {
      this.#kind[at] = items[from]!
      this.#key[at] = items[from + 1]!
      this.#value[at] = items[from + 2]!
      if (items[from] !== READ) writes++
    }
    let capacity = 16
    while (capacity < writes * 2) capacity *= 2
    this.#slots = new Int32Array(capacity).fill(-1)
    this.#slotMask = capacity - 1
  }

  history(): IsolationHistory {
    const writes = this.#indexWrites()
    const reads = this.#resolveReads()
    const { sessionStart, sessionNames, operationStart, eventOf } = this.#gathered
    const sessionOf = new Int32Array(eventOf.length)
    for (let session = 0; session < sessionNames.length; session++) {
      sessionOf.fill(session, sessionStart[session], sessionStart[session + 1])
    }
    return new IsolationHistory(
      {
        sessionStart,
        sessionOf,
        sessionNames,
        operationStart,
        eventOf,
        kind: this.#kind,
        key: this.#key,
        value: this.#value,
        ...writes,
        ...reads,
      },
      this.#gathered.keys.length,
      this.#builder,
      this.#problems,
    )
  }

  /** Marks the last write of each transaction to a key, and makes every write findable by key and value. */
  #indexWrites(): { writeStart: Int32Array; writeKey: Int32Array } {
    const { operationStart, eventOf, keys } = this.#gathered
    const kind = this.#kind
    const key = this.#key
    const seenBy = new Int32Array(keys.length).fill(-1)
    const writeStart = new Int32Array(eventOf.length + 1)
    const writeKey = new IntList(this.#count >> 1 || 1)
    for (let transaction = 0; transaction < eventOf.length; transaction++) {
      writeStart[transaction] = writeKey.length
      for (let at = operationStart[transaction + 1]! - 1; at >= operationStart[transaction]!; at--) {
        this.#transactionOf[at] = transaction
        if (kind[at] === READ) continue
        if (seenBy[key[at]!] !== transaction) {
          seenBy[key[at]!] = transaction
          kind[at] = FINAL_WRITE
          writeKey.push(key[at]!)
        }
        this.#addWrite(at)
      }
    }
    writeStart[eventOf.length] = writeKey.length
    return { writeStart, writeKey: writeKey.toArray() }
  }

  #addWrite(operation: number): void {
    const slot = this.#slotOf(this.#key[operation]!, this.#value[operation]!)
    const other = this.#slots[slot]!
    if (other === -1) {
      this.#slots[slot] = operation
      return
    }
    const [first, second] = [this.#transactionOf[other]!, this.#transactionOf[operation]!]
    // Of one transaction that writes a value twice, the later write was entered first and stands.
    if (first === second) return
    const writers = this.#duplicates.get(other)
    if (writers === undefined) this.#duplicates.set(other, [first, second])
    else if (writers.at(-1) !== second) writers.push(second)
  }

  #slotOf(key: number, value: number): number {
    let slot = hashPair(key, value) & this.#slotMask
    for (;;) {
      const held = this.#slots[slot]!
      if (held === -1 || (this.#value[held] === value && this.#key[held] === key)) return slot
      slot = (slot + 1) & this.#slotMask
    }
  }

  #resolveReads(): { readStart: Int32Array; readKey: Int32Array; readWriter: Int32Array } {
    const { operationStart, eventOf, keys } = this.#gathered
    const ownBy = new Int32Array(keys.length).fill(-1)
    const ownValue = new Int32Array(keys.length)
    const readStart = new Int32Array(eventOf.length + 1)
    const readKey = new IntList(this.#count >> 1 || 1)
    const readWriter = new IntList(this.#count >> 1 || 1)
    for (let transaction = 0; transaction < eventOf.length; transaction++) {
      readStart[transaction] = readKey.length
      for (let at = operationStart[transaction]!; at < operationStart[transaction + 1]!; at++) {
        const key = this.#key[at]!
        if (this.#kind[at] !== READ) {
          ownBy[key] = transaction
          ownValue[key] = this.#value[at]!
        } else if (ownBy[key] === transaction) {
          if (ownValue[key] !== this.#value[at]) {
            this.#problem('internal', at, transaction, [], this.#valueName(ownValue[key]!))
          }
        } else {
          const writer = this.#writerOf(at, transaction)
          if (writer === undefined) continue
          readKey.push(key)
          readWriter.push(writer)
        }
      }
    }
    readStart[eventOf.length] = readKey.length
    return { readStart, readKey: readKey.toArray(), readWriter: readWriter.toArray() }
  }

  /** The transaction that a read of another's value saw; undefined if there is none, or none for certain. */
  #writerOf(read: number, reader: number): number | undefined {
    const key = this.#key[read]!
    const value = this.#value[read]!
    const write = this.#slots[this.#slotOf(key, value)]!
    if (write === -1) {
      const aborted = this.#gathered.aborted.get(key)?.get(value)
      if (aborted !== undefined) this.#problem('G1a', read, reader, [aborted])
      else if (this.#gathered.initialCodes.has(value)) return this.#gathered.eventOf.length
      else this.#problem('garbage-read', read, reader, [])
      return undefined
    }
    const writers = this.#duplicates.get(write)
    if (writers !== undefined) {
      this.#problem('ambiguous-read', read, reader, writers)
      return undefined
    }
    const writer = this.#transactionOf[write]!
    if (writer === reader) {
      this.#problem('future-read', read, reader, [writer])
      return undefined
    }
    if (this.#kind[write] !== FINAL_WRITE) this.#problem('G1b', read, reader, [writer])
    return writer
  }

  #problem(
    name: ReadProblemName,
    read: number,
    reader: number,
    writers: readonly number[],
    own?: string,
  ): void {
    const count = (this.#problemCounts.get(name) ?? 0) + 1
    this.#problemCounts.set(name, count)
    if (count > PROBLEMS_MAX) return
    const key = keyText(this.#builder.keyAt(this.#key[read]!))
    const value = this.#valueName(this.#value[read]!)
    this.#problems.push({ name, reader, key, value, writers, ...(own === undefined ? {} : { own }) })
  }

  #valueName(code: number): string {
    return valueText(this.#builder.valueAt(code))
  }
}
