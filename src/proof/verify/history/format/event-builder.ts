import type { EventType, HistoryEvent, HistoryValue } from '../event.ts'
import type { HistoryError } from '../history-error.ts'
import type { TextSource } from '../text/text-source.ts'
import { formatValue } from '../value/format-value.ts'

const wordsOfType = new Set<HistoryValue>(['invoke', 'ok', 'fail', 'info'])

/**
 * Makes an event of the fields that a reader finds, in whatever order, and holds them to their types. What Jepsen's users
 * leave out is filled in: `index` counts on, `f` is `txn`, all events without a process belong to one.
 */
export class EventBuilder {
  readonly #source: TextSource
  #lastIndex = -1
  #fields = 0
  #index = -1
  #process: number | string = 0
  #type: EventType | undefined = undefined
  #f = 'txn'
  #value: HistoryValue = null
  #timeNs: number | undefined = undefined
  #key: HistoryValue | undefined = undefined
  #error: HistoryValue | undefined = undefined

  constructor(source: TextSource) {
    this.#source = source
  }

  begin(): void {
    this.#fields = 0
    this.#index = -1
    this.#process = 0
    this.#type = undefined
    this.#f = 'txn'
    this.#value = null
    this.#timeNs = undefined
    this.#key = undefined
    this.#error = undefined
  }

  /** A field, right after it was read. Those that are no part of an event are passed over. */
  set(name: HistoryValue, value: HistoryValue): void {
    switch (name) {
      case 'index':
        this.#once(1, name)
        if (value !== null) this.#index = this.#indexOf(value)
        return
      case 'process':
        this.#once(2, name)
        if (value !== null) this.#process = this.#processOf(value)
        return
      case 'type':
        this.#once(4, name)
        if (!wordsOfType.has(value)) throw this.#wrong('type', value, 'one of invoke, ok, fail, info')
        this.#type = value as EventType
        return
      case 'f':
        this.#once(8, name)
        if (value === null) return
        if (typeof value !== 'string') throw this.#wrong('f', value, 'the name of a function')
        this.#f = value
        return
      case 'value':
        this.#once(16, name)
        this.#value = value
        return
      case 'time':
        this.#once(32, name)
        if (value !== null) this.#timeNs = this.#timeOf(value)
        return
      case 'key':
        this.#once(64, name)
        this.#key = value
        return
      case 'error':
        this.#once(128, name)
        this.#error = value
    }
  }

  finish(): HistoryEvent {
    const type = this.#type
    if (type === undefined)
      throw this.#source.error(
        'an event with a type: invoke, ok, fail or info',
        'Every event of a history says what it is.',
        'an event without one, which ends here',
      )
    const index = this.#index === -1 ? this.#lastIndex + 1 : this.#index
    this.#lastIndex = index
    const process = this.#process
    const f = this.#f
    const value = this.#value
    const timeNs = this.#timeNs
    const key = this.#key
    const error = this.#error
    // Few shapes, because checkers loop over many events.
    if (error !== undefined) return { index, process, type, f, value, ...given(timeNs, key), error }
    if (key !== undefined)
      return timeNs === undefined
        ? { index, process, type, f, value, key }
        : { index, process, type, f, value, timeNs, key }
    return timeNs === undefined
      ? { index, process, type, f, value }
      : { index, process, type, f, value, timeNs }
  }

  #once(field: number, name: string): void {
    if ((this.#fields & field) !== 0)
      throw this.#source.error(
        `${name} once in an event`,
        'Remove one of the two before this place: which one counts cannot be told.',
        'it twice',
      )
    this.#fields |= field
  }

  #indexOf(value: HistoryValue): number {
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
      throw this.#wrong('index', value, 'a count from 0')
    if (value <= this.#lastIndex)
      throw this.#wrong('index', value, `an index greater than ${this.#lastIndex}, that of the event before`)
    return value
  }

  #processOf(value: HistoryValue): number | string {
    if (typeof value === 'string' || Number.isSafeInteger(value)) return value as number | string
    throw this.#wrong('process', value, 'an integer, or a name such as nemesis')
  }

  #timeOf(value: HistoryValue): number {
    const timeNs = typeof value === 'bigint' ? Number(value) : value
    if (typeof timeNs === 'number' && Number.isFinite(timeNs)) return timeNs
    throw this.#wrong('time', value, 'nanoseconds')
  }

  #wrong(name: string, value: HistoryValue, expected: string): HistoryError {
    return this.#source.error(
      expected,
      'Correct the field before this place.',
      `${name} ${formatValue(value, { charactersMax: 40 })}`,
    )
  }
}

function given(
  timeNs: number | undefined,
  key: HistoryValue | undefined,
): { readonly timeNs?: number; readonly key?: HistoryValue } {
  return { ...(timeNs === undefined ? {} : { timeNs }), ...(key === undefined ? {} : { key }) }
}
