import type { HistoryValue } from '../history/event.ts'
import { HistoryError } from '../history/history-error.ts'
import { pairEvents } from '../history/pair-events.ts'
import { lineOfEvent, type RecordedHistory } from '../history/recorded-history.ts'
import type { RecordedOperation } from '../history/recorded-operation.ts'
import { formatValue } from '../history/value/format-value.ts'
import { valueKey } from '../history/value/value-key.ts'
import type { Spent } from '../verdict/verdict.ts'

/** The operations of these functions, in the order of their calls. */
export function operationsOf(history: RecordedHistory, functions: readonly string[]): RecordedOperation[] {
  return pairEvents(history).filter(({ f }) => functions.includes(f))
}

/** An event holds something that the check has no meaning for. */
export function wrongShape(
  history: RecordedHistory,
  index: number,
  found: HistoryValue | undefined,
  parts: { readonly expected: string; readonly advice: string },
): HistoryError {
  const position = history.events.findIndex((event) => event.index === index)
  const line = position < 0 ? undefined : lineOfEvent(history, position)
  return new HistoryError({
    found: formatValue(found, { charactersMax: 80 }),
    ...parts,
    index,
    ...(line === undefined ? {} : { line }),
  })
}

/** As `valueKey`, but small integers stand for themselves: no text is made for the keys that most histories have. */
export type ElementKey = string | number

export function elementKey(value: HistoryValue): ElementKey {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value + 0 : valueKey(value)
}

/** Whether it came to an end that changed nothing. */
export function didNotHappen(operation: RecordedOperation): boolean {
  return operation.outcome === 'failed'
}

/** What a linear check spends: a step for each event and each value in it; `held` is how many things it remembered. */
export function spentOn(steps: number, held: number): Spent {
  const bytesOfOne = 100
  return { steps, memoryBytes: held * bytesOfOne }
}

/** Greater than every index: when what has not returned by the end of the history returns. */
export const never = Number.POSITIVE_INFINITY
