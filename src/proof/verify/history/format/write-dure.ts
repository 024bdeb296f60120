import type { HistoryEvent } from '../event.ts'
import { numberText, taggedJsonText } from '../json/json-text.ts'
import type { HistoryOrigin } from '../recorded-history.ts'
import { dureVersion } from './read-dure.ts'

export function dureHeader(origin: HistoryOrigin): string {
  return `{"dure-history":${dureVersion},"origin":"${origin}"}\n`
}

/** One event as a line of JSON. */
export function dureLine({ index, process, type, f, value, timeNs, key, error }: HistoryEvent): string {
  const who = typeof process === 'string' ? JSON.stringify(process) : process
  let text = `{"index":${index},"process":${who},"type":"${type}","f":${JSON.stringify(f)},"value":${taggedJsonText(value)}`
  if (key !== undefined) text += `,"key":${taggedJsonText(key)}`
  if (timeNs !== undefined) text += `,"time":${numberText(timeNs)}`
  if (error !== undefined) text += `,"error":${taggedJsonText(error)}`
  return `${text}}\n`
}
