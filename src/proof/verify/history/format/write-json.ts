import type { HistoryEvent, HistoryValue } from '../event.ts'
import { numberText, plainJsonText } from '../json/json-text.ts'
import { unwritable } from './unwritable.ts'

/** One event as an object of JSON, with Jepsen's fields. */
export function jsonLine(event: HistoryEvent): string {
  const { index, process, type, f, value, timeNs, key, error } = event
  const who = typeof process === 'string' ? JSON.stringify(process) : process
  let text = `{"index":${index},"process":${who},"type":"${type}","f":${JSON.stringify(f)}`
  text += `,"value":${textOf(event, 'the value', value)}`
  if (key !== undefined) text += `,"key":${textOf(event, 'the key', key)}`
  if (timeNs !== undefined) text += `,"time":${numberText(timeNs)}`
  if (error !== undefined) text += `,"error":${textOf(event, 'the error', error)}`
  return `${text}}\n`
}

function textOf(event: HistoryEvent, what: string, value: HistoryValue): string {
  const text = plainJsonText(value)
  if (text !== undefined) return text
  throw unwritable(event, what, value, 'maps with texts as keys, no sets, and numbers that are finite')
}
