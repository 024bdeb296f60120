import type { HistoryValue } from '../../history/event.ts'
import { valueKey } from '../../history/value/value-key.ts'

/** As `valueKey`, without a text for the small integers that most elements are. */
export type ElementKey = string | number

export function elementKey(value: HistoryValue): ElementKey {
  // Adding 0 makes -0 the 0 that it equals.
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value + 0
  if (typeof value === 'bigint' && Number.isSafeInteger(Number(value))) return Number(value)
  return valueKey(value)
}
