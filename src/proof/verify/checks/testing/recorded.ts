import type { EventType, HistoryEvent, HistoryValue } from '../../history/event.ts'
import type { RecordedHistory } from '../../history/recorded-history.ts'

/** For tests: `[process, type, f, value]` a line; a millisecond passes between lines. */
export type Line = readonly [process: number | string, type: EventType, f: string, value?: HistoryValue]

export function recorded(lines: readonly Line[]): RecordedHistory {
  return { origin: 'jepsen', events: lines.map(eventOf) }
}

/** Operations one after another, each acknowledged: `[process, f, value, answer]`; the answer is the value unless told. */
export function inTurn(
  operations: readonly (readonly [process: number, f: string, value: HistoryValue, answer?: HistoryValue])[],
): RecordedHistory {
  const lines = operations.flatMap(([process, f, value, answer]): Line[] => [
    [process, 'invoke', f, value],
    [process, 'ok', f, answer === undefined ? value : answer],
  ])
  return recorded(lines)
}

function eventOf([process, type, f, value]: Line, index: number): HistoryEvent {
  return { index, process, type, f, value: value ?? null, timeNs: index * 1_000_000 }
}

/** The same with the last operations cut off: their calls, and the returns of calls that are kept, from a place on. */
export function cutOff(history: RecordedHistory, place: number): RecordedHistory {
  return { ...history, events: history.events.slice(0, place) }
}

/** The same by other processes, and later, in the same order. */
export function disguised(history: RecordedHistory): RecordedHistory {
  const events = history.events.map((event) => ({
    ...event,
    index: event.index * 3 + 5,
    process: typeof event.process === 'number' ? 1000 - event.process : event.process,
    timeNs: (event.timeNs ?? 0) * 2 + 77,
  }))
  return { ...history, events }
}
