import type { HistoryEvent, HistoryValue } from '../event.ts'
import { equalValues } from '../value/equal-values.ts'
import { assertBare, unwritable } from './unwritable.ts'

/**
 * Writes sessions of transactions as AWDIT's text, from events as `readSessionEvents` gives them: of each transaction its
 * call and right after it its ok, session after session.
 */
export class SessionsWriter {
  #session = -1
  #isFirst = true
  #call: HistoryEvent | undefined = undefined

  line(event: HistoryEvent, position: number): string {
    assertBare(event, position, "AWDIT's text")
    const { process, type, f, value, key, error } = event
    const call = this.#call
    if (f !== 'txn') throw unwritable(event, 'the function', f, 'txn')
    if (key !== undefined) throw unwritable(event, 'the key', key, 'keys within the value')
    if (error !== undefined) throw unwritable(event, 'the error', error, 'none: nothing fails there')
    if (call === undefined) {
      if (type !== 'invoke') throw unwritable(event, 'the type', type, 'invoke')
      this.#call = event
      return this.#separator(event)
    }
    this.#call = undefined
    if (type !== 'ok' || process !== call.process)
      throw unwritable(event, `${type} of process`, process, `the ok of event ${call.index} right after it`)
    const operations = operationsOf(event)
    const asked = operations.map(
      ([name, of, result]): HistoryValue => [name, of, name === 'r' ? null : result],
    )
    if (!equalValues(call.value, asked))
      throw unwritable(event, 'the answer', value, `what event ${call.index} asks, with the values read`)
    return operations.map(([name, of, result]) => `${name} ${of} ${result}\n`).join('')
  }

  /** Nothing more comes. */
  end(): string {
    const call = this.#call
    if (call === undefined) return ''
    throw unwritable(call, 'a call without an end', call.value, 'an ok of each transaction')
  }

  #separator(event: HistoryEvent): string {
    if (event.process === this.#session && !this.#isFirst) return '-----\n'
    if (event.process !== this.#session + 1)
      throw unwritable(event, 'the process', event.process, `session ${this.#session + 1}, the next`)
    this.#session++
    if (!this.#isFirst) return '=====\n'
    this.#isFirst = false
    return ''
  }
}

type SessionOperation = readonly ['r' | 'w', number | bigint, number | bigint]

function operationsOf(event: HistoryEvent): readonly SessionOperation[] {
  const operations = Array.isArray(event.value) ? (event.value as readonly HistoryValue[]) : []
  if (operations.length > 0 && operations.every(isOperation)) return operations
  throw unwritable(event, 'the value', event.value, 'a list of ["r" or "w", key, value] with counts from 0')
}

function isOperation(value: HistoryValue): value is SessionOperation {
  if (!Array.isArray(value) || value.length !== 3 || (value[0] !== 'r' && value[0] !== 'w')) return false
  return isCount(value[1]) && isCount(value[2])
}

function isCount(value: HistoryValue): boolean {
  return typeof value === 'bigint' ? value >= 0n : Number.isSafeInteger(value) && (value as number) >= 0
}
