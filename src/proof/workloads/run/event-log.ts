import type { EventType, HistoryEvent, HistoryValue } from '../../verify/history/event.ts'
import type { RecordedHistory } from '../../verify/history/recorded-history.ts'

/** The events of a run, in the order in which they happened. */
export class EventLog {
  readonly #events: HistoryEvent[] = []
  readonly #nowMs: () => number
  readonly #onEvent: ((event: HistoryEvent) => void) | undefined
  readonly #acknowledged = new Map<string, number>()

  /** `onEvent` sees each event as it comes, to write it down. */
  constructor(nowMs: () => number, onEvent?: (event: HistoryEvent) => void) {
    this.#nowMs = nowMs
    this.#onEvent = onEvent
  }

  add(event: {
    readonly process: number | string
    readonly type: EventType
    readonly f: string
    readonly value: HistoryValue
    readonly key?: HistoryValue
    readonly error?: HistoryValue
  }): void {
    const recorded = { index: this.#events.length, ...event, timeNs: Math.round(this.#nowMs() * 1e6) }
    this.#events.push(recorded)
    if (event.type === 'ok') this.#acknowledged.set(event.f, (this.#acknowledged.get(event.f) ?? 0) + 1)
    this.#onEvent?.(recorded)
  }

  get size(): number {
    return this.#events.length
  }

  /** Calls that ended as `ok`, by function. */
  get acknowledged(): ReadonlyMap<string, number> {
    return this.#acknowledged
  }

  get history(): RecordedHistory {
    return { origin: 'dure', events: this.#events }
  }
}
