import type { HistoryEvent } from '../event.ts'
import { assertBare, unwritable } from './unwritable.ts'

/** One event as a line of Porcupine's key-value form. */
export function porcupineLine(event: HistoryEvent, position: number): string {
  const { process, type, f, value, key, error } = event
  assertBare(event, position, "Porcupine's form")
  if (typeof process !== 'number') throw unwritable(event, 'the process', process, 'a number')
  if (f !== 'get' && f !== 'put' && f !== 'append')
    throw unwritable(event, 'the function', f, 'get, put or append')
  if (typeof key !== 'string') throw unwritable(event, 'the key', key, 'a text')
  if (value !== null && typeof value !== 'string')
    throw unwritable(event, 'the value', value, 'a text or nil')
  if (error !== undefined)
    throw unwritable(event, 'the error', error, "none: Porcupine's form has no place for it")
  const text = value === null ? 'nil' : JSON.stringify(value)
  return `{:process ${process}, :type :${type}, :f :${f}, :key ${JSON.stringify(key)}, :value ${text}}\n`
}
