import type { HistoryValue } from '../../verify/history/event.ts'

/** JSON as histories hold it: objects are maps by their names. */
export function historyValueOf(json: unknown): HistoryValue {
  if (Array.isArray(json)) return json.map(historyValueOf)
  if (typeof json === 'object' && json !== null)
    return new Map(Object.entries(json).map(([name, value]) => [name, historyValueOf(value)]))
  return (json ?? null) as HistoryValue
}
