import type { HistoryValue } from '../event.ts'
import { isTag } from './tagged-values.ts'

/** A value as our JSON lines hold it: with `$map`, `$set` and `$number` for what JSON has no words for. */
export function taggedJsonText(value: HistoryValue): string {
  switch (typeof value) {
    case 'number':
      return numberText(value) ?? `{"$number":"${value}"}`
    case 'string':
      return JSON.stringify(value)
    case 'bigint':
    case 'boolean':
      return String(value)
    default:
      if (value === null) return 'null'
      if (Array.isArray(value)) return listText(value)
      if (value instanceof Set) return `{"$set":${listText([...value])}}`
      return mapText(value as ReadonlyMap<HistoryValue, HistoryValue>)
  }
}

/** As JSON, such that it reads as the same number and not as a bigint; undefined when JSON has no word for it. */
export function numberText(value: number): string | undefined {
  if (Number.isSafeInteger(value)) return Object.is(value, -0) ? '-0' : String(value)
  if (!Number.isFinite(value)) return undefined
  const text = String(value)
  return /[.e]/.test(text) ? text : `${text}.0`
}

function listText(values: readonly HistoryValue[]): string {
  let text = '['
  for (let at = 0; at < values.length; at++) text += (at === 0 ? '' : ',') + taggedJsonText(values[at]!)
  return `${text}]`
}

function mapText(entries: ReadonlyMap<HistoryValue, HistoryValue>): string {
  if (!isObject(entries)) return `{"$map":${listText([...entries].map((entry) => [...entry]))}}`
  let text = '{'
  for (const [key, value] of entries)
    text += `${text === '{' ? '' : ','}${JSON.stringify(key)}:${taggedJsonText(value)}`
  return `${text}}`
}

/** Whether an object of JSON says the same: all keys are texts, and none is taken for a tag. */
function isObject(entries: ReadonlyMap<HistoryValue, HistoryValue>): boolean {
  for (const key of entries.keys())
    if (typeof key !== 'string' || (entries.size === 1 && isTag(key))) return false
  return true
}
