import { HistoryError } from './history-error.ts'
import { lineOfEvent, type RecordedHistory } from './recorded-history.ts'

/** What `check` returns; a `HistoryError` that it throws about an event names the event's line too, where that is known. */
export function namingLines<T>(history: RecordedHistory, check: () => T): T {
  try {
    return check()
  } catch (error) {
    if (!(error instanceof HistoryError) || error.index === undefined || error.line !== undefined) throw error
    const line = lineOfEvent(
      history,
      history.events.findIndex(({ index }) => index === error.index),
    )
    throw line === undefined ? error : error.onLine(line)
  }
}
