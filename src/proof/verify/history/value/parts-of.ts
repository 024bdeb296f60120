import type { HistoryValue } from '../event.ts'

/**
 * The entries of a map, in its order; undefined when the value is none. Plain objects, which people write in tests, count
 * as maps too.
 *
 * ```ts
 * entriesOf(new Map([[0, 100]])) // [[0, 100]]
 * ```
 */
export function entriesOf(
  value: HistoryValue | undefined,
): readonly (readonly [HistoryValue, HistoryValue])[] | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Set)
    return undefined
  if (value instanceof Map) return [...value]
  return Object.entries(value as object) as [string, HistoryValue][]
}

/** The elements of a list or set, in its order; undefined when the value is neither. */
export function elementsOf(value: HistoryValue | undefined): readonly HistoryValue[] | undefined {
  if (Array.isArray(value)) return value
  return value instanceof Set ? [...value] : undefined
}
