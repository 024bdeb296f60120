import type { HistoryValue } from '../event.ts'

export interface FormatOptions {
  /** Longer texts end in `…`; 200 unless told. */
  readonly charactersMax?: number
}

/**
 * A value for a person to read.
 *
 * ```ts
 * formatValue([['append', 'x', 1], ['r', 'y', null]]) // '[["append", "x", 1], ["r", "y", nil]]'
 * formatValue(new Map([['a', 1]])) // '{"a": 1}'
 * ```
 */
export function formatValue(value: HistoryValue | undefined, options: FormatOptions = {}): string {
  const charactersMax = options.charactersMax ?? 200
  const text = format(value, charactersMax)
  return text.length <= charactersMax ? text : `${text.slice(0, Math.max(0, charactersMax - 1))}…`
}

/** Stops adding once there is more than will be shown: lists of a history may hold every element ever written. */
function format(value: HistoryValue | undefined, charactersMax: number): string {
  if (value === undefined || value === null) return 'nil'
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value !== 'object') return String(value)
  if (Array.isArray(value)) return `[${formatAll(value, charactersMax, format)}]`
  if (value instanceof Set) return `#{${formatAll(value, charactersMax, format)}}`
  const entries = value as ReadonlyMap<HistoryValue, HistoryValue>
  return `{${formatAll(entries, charactersMax, ([key, of], max) => `${format(key, max)}: ${format(of, max)}`)}}`
}

function formatAll<Part>(
  parts: Iterable<Part>,
  charactersMax: number,
  one: (part: Part, charactersMax: number) => string,
): string {
  let text = ''
  for (const part of parts) {
    if (text.length > charactersMax) return text
    if (text !== '') text += ', '
    text += one(part, charactersMax)
  }
  return text
}
