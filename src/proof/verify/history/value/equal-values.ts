import type { HistoryValue } from '../event.ts'
import { valueKey } from './value-key.ts'

/** Whether two values are the same, by what they hold: exactly when their `valueKey`s are, but faster. */
export function equalValues(left: HistoryValue, right: HistoryValue): boolean {
  if (left === right) return true
  if (typeof left !== typeof right) return isMixedInteger(left, right) && valueKey(left) === valueKey(right)
  if (typeof left === 'number') return Number.isNaN(left) && Number.isNaN(right)
  if (left === null || right === null || typeof left !== 'object') return false
  if (Array.isArray(left)) return Array.isArray(right) && equalArrays(left, right)
  // Keys may be collections themselves, which a Map looks up by identity: compare the texts.
  return valueKey(left) === valueKey(right)
}

function isMixedInteger(left: HistoryValue, right: HistoryValue): boolean {
  return (
    (typeof left === 'number' && typeof right === 'bigint') ||
    (typeof left === 'bigint' && typeof right === 'number')
  )
}

function equalArrays(left: readonly HistoryValue[], right: readonly HistoryValue[]): boolean {
  if (left.length !== right.length) return false
  for (let at = 0; at < left.length; at++) if (!equalValues(left[at]!, right[at]!)) return false
  return true
}
