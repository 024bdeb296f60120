import type { HistoryValue } from '../../history/event.ts'
import { formatValue } from '../../history/value/format-value.ts'
import type { ReadProblem } from './read-problem.ts'

/** Kinds of operations in `IsolationHistory.kind`. */
export const READ = 0
/** A write that the same transaction overwrites later. */
export const INTERMEDIATE_WRITE = 1
/** The last write of its transaction to its key: what others may read. */
export const FINAL_WRITE = 2

/** The typed arrays of an `IsolationHistory`; transactions, keys and operations are numbered from 0. */
export interface IsolationArrays {
  /** Transactions of session s are `sessionStart[s]` up to, without, `sessionStart[s + 1]`. */
  readonly sessionStart: Int32Array
  readonly sessionOf: Int32Array
  /** Operations of transaction t are `operationStart[t]` up to, without, `operationStart[t + 1]`. */
  readonly operationStart: Int32Array
  readonly kind: Uint8Array
  readonly key: Int32Array
  /** Codes of values, equal for equal values; `value()` has what they stand for. */
  readonly value: Int32Array
  /** What transaction t read of others, in its order: `readStart[t]` up to, without, `readStart[t + 1]`. */
  readonly readStart: Int32Array
  readonly readKey: Int32Array
  /** The transaction that wrote what was read; `initial` for the state before all. Never the reader itself. */
  readonly readWriter: Int32Array
  /** The keys that transaction t writes, each once: `writeStart[t]` up to, without, `writeStart[t + 1]`. */
  readonly writeStart: Int32Array
  readonly writeKey: Int32Array
  /** `index` of the event that called transaction t; in files without events, its place in the file. */
  readonly eventOf: Int32Array
  /** The place in the history of what `sessionOf` numbers, for people. */
  readonly sessionNames: readonly (number | string)[]
}

/** What the numbers of keys and values stand for. */
export interface Dictionary {
  keyAt(key: number): HistoryValue
  valueAt(code: number): HistoryValue
}

/**
 * Sessions of transactions of reads and writes, with the writer of every value that was read: what all checks of
 * isolation work on. Numbers in typed arrays, about 21 bytes an operation and 20 a transaction.
 *
 * ```ts
 * const history = readIsolationHistory([bytes])
 * history.transactions // 125000
 * ```
 */
export class IsolationHistory {
  readonly arrays: IsolationArrays
  readonly sessions: number
  readonly transactions: number
  readonly operations: number
  readonly keys: number
  /** Stands for the writer of the state before all transactions: the number after the last of them. */
  readonly initial: number
  /** Reads that no store may answer at any level: see `ReadProblem`. */
  readonly problems: readonly ReadProblem[]
  readonly #dictionary: Dictionary

  constructor(
    arrays: IsolationArrays,
    keys: number,
    dictionary: Dictionary,
    problems: readonly ReadProblem[],
  ) {
    this.arrays = arrays
    this.sessions = arrays.sessionStart.length - 1
    this.transactions = arrays.operationStart.length - 1
    this.operations = arrays.kind.length
    this.keys = keys
    this.initial = this.transactions
    this.problems = problems
    this.#dictionary = dictionary
  }

  get memoryBytes(): number {
    let bytes = 0
    for (const array of Object.values(this.arrays) as unknown[]) {
      if (ArrayBuffer.isView(array)) bytes += array.byteLength
    }
    return bytes
  }

  keyName(key: number): string {
    return keyText(this.#dictionary.keyAt(key))
  }

  valueName(code: number): string {
    return valueText(this.#dictionary.valueAt(code))
  }

  key(key: number): HistoryValue {
    return this.#dictionary.keyAt(key)
  }

  value(code: number): HistoryValue {
    return this.#dictionary.valueAt(code)
  }

  /** `T7`, by its event; the state before all is `initial`. */
  transactionName(transaction: number): string {
    return transaction === this.initial ? 'initial' : `T${this.arrays.eventOf[transaction]}`
  }

  /** `session 2` or the name of the process. */
  sessionName(transaction: number): string {
    return `session ${this.arrays.sessionNames[this.arrays.sessionOf[transaction]!]}`
  }

  /** The value that `writer` left under `key`; undefined for the initial state. */
  written(writer: number, key: number): string | undefined {
    const { operationStart, kind, key: keys, value } = this.arrays
    if (writer === this.initial) return undefined
    for (let at = operationStart[writer]!; at < operationStart[writer + 1]!; at++) {
      if (kind[at] === FINAL_WRITE && keys[at] === key) return this.valueName(value[at]!)
    }
    return undefined
  }

  writes(transaction: number, key: number): boolean {
    const { writeStart, writeKey } = this.arrays
    for (let at = writeStart[transaction]!; at < writeStart[transaction + 1]!; at++) {
      if (writeKey[at] === key) return true
    }
    return false
  }
}

/** A key as a person reads it: words stand without quotes. */
export function keyText(key: HistoryValue): string {
  return typeof key === 'string' && /^[\w.:/-]{1,20}$/.test(key) ? key : valueText(key)
}

export function valueText(value: HistoryValue): string {
  return formatValue(value, { charactersMax: 20 })
}
