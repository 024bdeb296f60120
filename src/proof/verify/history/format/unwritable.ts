import type { HistoryEvent, HistoryValue } from '../event.ts'
import { HistoryError } from '../history-error.ts'
import { formatValue } from '../value/format-value.ts'

const advice = 'Write it as dure or edn, which hold every history.'

/** Thrown where a form has no place for what an event says: what would read back as something else is not written. */
export function unwritable(
  event: HistoryEvent,
  what: string,
  value: HistoryValue | undefined,
  expected: string,
): HistoryError {
  const found = `${what} ${formatValue(value, { charactersMax: 40 })}`
  return new HistoryError({ found, expected, advice, index: event.index })
}

/** The forms of other tools that count events by their place, and know no times. */
export function assertBare(event: HistoryEvent, position: number, form: string): void {
  if (event.index !== position)
    throw unwritable(event, 'the index', event.index, `${position}, its place: ${form} writes none`)
  if (event.timeNs !== undefined)
    throw unwritable(event, 'the time', event.timeNs, `no time: ${form} writes none`)
}
