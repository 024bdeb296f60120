import type { HistoryValue } from '../../history/event.ts'
import { HistoryError } from '../../history/history-error.ts'
import { equalValues } from '../../history/value/equal-values.ts'
import { formatValue } from '../../history/value/format-value.ts'
import type { Transaction } from '../transaction.ts'
import { Findings } from './findings.ts'
import { KeyNumbers, ValueMap } from './interner.ts'

/** The versions of all keys, numbered. Arrays side by side: there are very many. */
export interface Versions {
  /** The key's number. */
  readonly key: number[]
  readonly value: HistoryValue[]
  /** The transaction that wrote it; -1 for an initial value and for garbage. */
  readonly writer: number[]
  /** Whether its transaction wrote the key again afterwards. */
  readonly isIntermediate: boolean[]
}

/** What one transaction has to do with one key, seen from outside. */
export interface Touches {
  readonly transaction: number[]
  readonly key: number[]
  /** Version that it read first, before any write of its own; -1 for none. */
  readonly read: number[]
  /** Another that it read so, where it contradicts itself; else -1. */
  readonly readAgain: number[]
  /** Version that it wrote last; -1 for none. */
  readonly written: number[]
}

/** A history of rw-register. */
export interface RegisterObservations {
  readonly transactions: readonly Transaction[]
  readonly keys: readonly HistoryValue[]
  readonly versions: Versions
  /** Of each key its initial version. */
  readonly initialOf: readonly number[]
  readonly touches: Touches
  readonly findings: Findings
  /** Of each transaction, whether a commit read what it wrote: one of unknown outcome then committed. */
  readonly wasRead: Uint8Array
}

export function observeRegisters(
  transactions: readonly Transaction[],
  initial: HistoryValue,
  examplesMax: number,
): RegisterObservations {
  const observer = new RegisterObserver(transactions, initial, new Findings(examplesMax))
  // Writes first: a value may be read by a transaction that was called before its writer.
  for (const transaction of transactions) observer.observeWrites(transaction)
  for (const transaction of transactions) observer.observe(transaction)
  return observer.observations
}

class RegisterObserver {
  readonly #initial: HistoryValue
  readonly #numbers = new KeyNumbers()
  readonly #versionOf: ValueMap<number>[] = []
  readonly #versions: Versions = { key: [], value: [], writer: [], isIntermediate: [] }
  readonly #initialOf: number[] = []
  readonly #touches: Touches = { transaction: [], key: [], read: [], readAgain: [], written: [] }
  readonly observations: RegisterObservations

  // The touch and the known version of the transaction at hand, by the key's number.
  readonly #touchOf: number[] = []
  readonly #known: number[] = []
  readonly #lastWriter: number[] = []
  readonly #lastWritten: number[] = []

  constructor(transactions: readonly Transaction[], initial: HistoryValue, findings: Findings) {
    this.#initial = initial
    this.observations = {
      transactions,
      keys: this.#numbers.values,
      versions: this.#versions,
      initialOf: this.#initialOf,
      touches: this.#touches,
      findings,
      wasRead: new Uint8Array(transactions.length),
    }
  }

  observeWrites(transaction: Transaction): void {
    for (const { kind, key: name, value } of transaction.operations) {
      const key = this.#keyNumber(name)
      if (kind === 'read') continue
      if (kind === 'append') throw wrongStep(transaction)
      const version = this.#versionNumber(key, value!)
      if (version === this.#initialOf[key] || this.#versions.writer[version]! >= 0) {
        throw this.#writtenTwice(transaction, version)
      }
      this.#versions.writer[version] = transaction.index
      if (this.#lastWriter[key] === transaction.index) {
        this.#versions.isIntermediate[this.#lastWritten[key]!] = true
      }
      this.#lastWriter[key] = transaction.index
      this.#lastWritten[key] = version
    }
  }

  observe(transaction: Transaction): void {
    if (transaction.outcome === 'failed') return
    const touches = this.#touches
    for (const { kind, key: name, value } of transaction.operations) {
      if (kind === 'read' && value === undefined) continue
      const key = this.#keyNumber(name)
      const version = this.#versionNumber(key, value!)
      let touch = this.#touchOf[key]!
      const isFirst = touch < 0 || touches.transaction[touch] !== transaction.index
      if (isFirst) {
        touch = this.#touchOf[key] = touches.key.length
        touches.transaction.push(transaction.index)
        touches.key.push(key)
        touches.read.push(kind === 'read' ? version : -1)
        touches.readAgain.push(-1)
        touches.written.push(-1)
      }
      if (kind !== 'read') touches.written[touch] = version
      else {
        const known = this.#known[key]!
        const writer = this.#versions.writer[version]!
        if (writer >= 0 && writer !== transaction.index) this.observations.wasRead[writer] = 1
        if (!isFirst && known !== version) this.#contradictsItself(transaction, touch, known, version)
        if (isFirst && this.#versions.writer[version] === transaction.index) {
          this.#findings.add(
            'future-read',
            [transaction.index],
            () => `T1 ${this.#reading(version)}, which it wrote itself only later.`,
          )
        }
        if (this.#isGarbage(version)) {
          this.#findings.add(
            'garbage-read',
            [transaction.index],
            () => `T1 ${this.#reading(version)}, which nobody ever tried to write. (Elle passes over this.)`,
          )
        }
      }
      this.#known[key] = version
    }
  }

  get #findings(): Findings {
    return this.observations.findings
  }

  #contradictsItself({ index }: Transaction, touch: number, known: number, version: number): void {
    const touches = this.#touches
    const { value } = this.#versions
    if (touches.written[touch]! < 0) {
      touches.readAgain[touch] = version
      if (this.#isCommitted(known) && this.#isCommitted(version)) {
        this.#findings.add(
          'non-repeatable-read',
          [index],
          () =>
            `T1 ${this.#reading(version)} after it had read ${formatValue(value[known])}: it missed the newer of the two once.`,
        )
      }
    }
    this.#findings.add(
      'internal',
      [index],
      () =>
        `T1 ${this.#reading(version)}, but by what it had read and written before it should have found ` +
        `${formatValue(value[known])}.`,
    )
  }

  #reading(version: number): string {
    const key = formatValue(this.#numbers.values[this.#versions.key[version]!])
    return `read ${formatValue(this.#versions.value[version])} at key ${key}`
  }

  /** What a commit wrote, or may have, or the initial value. */
  #isCommitted(version: number): boolean {
    const writer = this.#versions.writer[version]!
    return writer < 0
      ? !this.#isGarbage(version)
      : this.observations.transactions[writer]!.outcome !== 'failed'
  }

  #isGarbage(version: number): boolean {
    return this.#versions.writer[version]! < 0 && this.#initialOf[this.#versions.key[version]!] !== version
  }

  #keyNumber(name: HistoryValue): number {
    const key = this.#numbers.numberOf(name)
    if (key === this.#versionOf.length) {
      this.#versionOf.push(new ValueMap())
      this.#touchOf.push(-1)
      this.#known.push(-1)
      this.#lastWriter.push(-1)
      this.#lastWritten.push(-1)
      this.#initialOf.push(this.#versionNumber(key, this.#initial))
    }
    return key
  }

  #versionNumber(key: number, value: HistoryValue): number {
    let version = this.#versionOf[key]!.get(value)
    if (version === undefined) {
      version = this.#versions.key.length
      this.#versionOf[key]!.set(value, version)
      this.#versions.key.push(key)
      this.#versions.value.push(value)
      this.#versions.writer.push(-1)
      this.#versions.isIntermediate.push(false)
    }
    return version
  }

  #writtenTwice({ call }: Transaction, version: number): HistoryError {
    const { key, value, writer } = this.#versions
    const name = formatValue(this.#numbers.values[key[version]!])
    const isInitial = equalValues(value[version]!, this.#initial)
    const before = isInitial
      ? 'which is its initial value'
      : `after that of event ${this.observations.transactions[writer[version]!]!.call}`
    return new HistoryError({
      found: `a write of ${formatValue(value[version])} to key ${name}, ${before}`,
      expected: 'every value to be written to its key once',
      advice:
        'Let each client write values that no other ever does: else nobody can tell which one was read.',
      index: call,
    })
  }
}

function wrongStep({ call }: Transaction): HistoryError {
  return new HistoryError({
    found: 'an append',
    expected: 'writes and reads of registers alone',
    advice: 'Histories of appends are checked with the workload list-append.',
    index: call,
  })
}
