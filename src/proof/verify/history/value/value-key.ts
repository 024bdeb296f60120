import type { HistoryValue } from '../event.ts'

/**
 * A text that two values share exactly when they are equal, for use as the key of a Map.
 *
 * ```ts
 * valueKey([1, 'x', null]) // '[1 "x" nil]'
 * ```
 *
 * Numbers are equal when they stand for the same integer or double, whether number or bigint; maps and sets in any
 * order. An array never equals a set.
 */
export function valueKey(value: HistoryValue): string {
  switch (typeof value) {
    case 'number':
      return numberKey(value)
    case 'string':
      return JSON.stringify(value)
    case 'bigint':
    case 'boolean':
      return String(value)
    default:
      if (value === null) return 'nil'
      if (Array.isArray(value)) return arrayKey(value)
      return unorderedKey(value as ReadonlyMap<HistoryValue, HistoryValue> | ReadonlySet<HistoryValue>)
  }
}

function numberKey(value: number): string {
  // Past 10^21 numbers print with an exponent, bigints never.
  if (Math.abs(value) >= 1e21 && Number.isFinite(value)) return String(BigInt(value))
  return String(value)
}

function arrayKey(values: readonly HistoryValue[]): string {
  let text = '['
  for (let at = 0; at < values.length; at++) text += (at === 0 ? '' : ' ') + valueKey(values[at]!)
  return `${text}]`
}

function unorderedKey(value: ReadonlyMap<HistoryValue, HistoryValue> | ReadonlySet<HistoryValue>): string {
  const parts: string[] = []
  if (value instanceof Set) {
    for (const element of value) parts.push(valueKey(element))
    return `#{${parts.sort().join(' ')}}`
  }
  for (const [key, of] of value as ReadonlyMap<HistoryValue, HistoryValue>)
    parts.push(`${valueKey(key)} ${valueKey(of)}`)
  return `{${parts.sort().join(', ')}}`
}
