import type { HistoryValue } from '../event.ts'
import { isTag } from './tagged-values.ts'

/** A value as our JSON lines hold it: with `$map`, `$set` and `$number` for what JSON has no words for. */
export function taggedJsonText(value: HistoryValue): string {
  return textOf(value, true)!
}

/** A value as JSON without tags; undefined where JSON has no words for it. */
export function plainJsonText(value: HistoryValue): string | undefined {
  return textOf(value, false)
}

function textOf(value: HistoryValue, mayTag: boolean): string | undefined {
  switch (typeof value) {
    case 'number':
      return numberText(value) ?? (mayTag ? `{"$number":"${value}"}` : undefined)
    case 'string':
      return JSON.stringify(value)
    case 'bigint':
    case 'boolean':
      return String(value)
    default:
      if (value === null) return 'null'
      if (Array.isArray(value)) return listText(value, mayTag)
      if (value instanceof Set) return mayTag ? `{"$set":${listText([...value], true)}}` : undefined
      return mapText(value as ReadonlyMap<HistoryValue, HistoryValue>, mayTag)
  }
}

/** As JSON, such that it reads as the same number and not as a bigint; undefined when JSON has no word for it. */
export function numberText(value: number): string | undefined {
  if (Number.isSafeInteger(value)) return Object.is(value, -0) ? '-0' : String(value)
  if (!Number.isFinite(value)) return undefined
  const text = String(value)
  return /[.e]/.test(text) ? text : `${text}.0`
}

function listText(values: readonly HistoryValue[], mayTag: boolean): string | undefined {
  let text = '['
  for (let at = 0; at < values.length; at++) {
    const part = textOf(values[at]!, mayTag)
    if (part === undefined) return undefined
    text += at === 0 ? part : `,${part}`
  }
  return `${text}]`
}

function mapText(entries: ReadonlyMap<HistoryValue, HistoryValue>, mayTag: boolean): string | undefined {
  if (mayTag && !isObject(entries))
    return `{"$map":${listText(
      [...entries].map((entry) => [...entry]),
      true,
    )}}`
  let text = '{'
  for (const [key, value] of entries) {
    const part = textOf(value, mayTag)
    if (typeof key !== 'string' || part === undefined) return undefined
    text += `${text === '{' ? '' : ','}${JSON.stringify(key)}:${part}`
  }
  return `${text}}`
}

/** Whether an object of JSON says the same: all keys are texts, and none is taken for a tag. */
function isObject(entries: ReadonlyMap<HistoryValue, HistoryValue>): boolean {
  for (const key of entries.keys())
    if (typeof key !== 'string' || (entries.size === 1 && isTag(key))) return false
  return true
}
