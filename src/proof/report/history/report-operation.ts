import type { HistoryEvent, HistoryValue } from '../../verify/history/event.ts'

/** A call with its end, as a page shows it. */
export interface ReportOperation {
  readonly process: number | string
  readonly f: string
  readonly key: HistoryValue | undefined
  /** What was asked. */
  readonly value: HistoryValue
  /** What was answered. */
  readonly answer: HistoryValue | undefined
  readonly outcome: 'ok' | 'failed' | 'unknown'
  readonly error: HistoryValue | undefined
  /** `index` of the call. */
  readonly call: number
  /** `index` of whatever ended it, an `info` too; undefined when nothing did. */
  readonly end: number | undefined
  readonly callNs: number
  /** Of what never ended the last moment that is known. */
  readonly endNs: number
}

/**
 * The operations of a history in the order of their calls.
 *
 * Unlike the checkers it takes what it gets: an end without a call is passed over, and a second call of a process leaves
 * the first without an end. A report that shows a damaged history is worth more than none.
 */
export function reportOperations(events: readonly HistoryEvent[]): ReportOperation[] {
  const operations: Open[] = []
  const open = new Map<number | string, Open>()
  const timeOf = timesOf(events)
  for (const event of events) {
    const { process, type } = event
    if (process === 'nemesis') continue
    if (type === 'invoke') {
      const operation = opened(event, timeOf(event))
      open.set(process, operation)
      operations.push(operation)
      continue
    }
    const operation = open.get(process)
    if (operation === undefined) continue
    open.delete(process)
    operation.outcome = type === 'ok' ? 'ok' : type === 'fail' ? 'failed' : 'unknown'
    operation.answer = type === 'info' ? undefined : event.value
    operation.key ??= event.key
    operation.error = event.error
    operation.end = event.index
    operation.endNs = timeOf(event)
  }
  const lastNs = events.length === 0 ? 0 : timeOf(events.at(-1)!)
  for (const operation of operations) if (operation.end === undefined) operation.endNs = lastNs
  return operations
}

/** Without times, as other tools write histories, each event takes a millisecond: their order is what there is to see. */
function timesOf(events: readonly HistoryEvent[]): (event: HistoryEvent) => number {
  return hasTimes(events) ? ({ timeNs }) => timeNs ?? 0 : ({ index }) => index * 1e6
}

export function hasTimes(events: readonly HistoryEvent[]): boolean {
  return events.some(({ timeNs }) => timeNs !== undefined)
}

interface Open extends ReportOperation {
  key: HistoryValue | undefined
  answer: HistoryValue | undefined
  outcome: 'ok' | 'failed' | 'unknown'
  error: HistoryValue | undefined
  end: number | undefined
  endNs: number
}

function opened({ process, f, key, value, index }: HistoryEvent, callNs: number): Open {
  const nothing = { answer: undefined, outcome: 'unknown', error: undefined, end: undefined } as const
  return { process, f, key, value, ...nothing, call: index, callNs, endNs: callNs }
}
