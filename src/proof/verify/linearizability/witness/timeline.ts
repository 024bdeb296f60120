import type { WitnessOperation } from './witness.ts'

/** Operations as bars, one row for each process; for drawings of any kind. */
export interface Timeline {
  /** Events of the history that something begins or ends at, in order: a bar's ends are places in this list. */
  readonly events: readonly number[]
  readonly rows: readonly TimelineRow[]
}

export interface TimelineRow {
  readonly process: number | string
  readonly bars: readonly TimelineBar[]
}

export interface TimelineBar {
  readonly call: number
  readonly from: number
  readonly to: number
  readonly text: string
  /** The operation that has no place. */
  readonly isBlocked: boolean
}

/** Rows in the order in which their processes come in first. */
export function timelineOf(operations: readonly WitnessOperation[], blockedCall: number): Timeline {
  const events = operations.flatMap(({ call, return: returned }) => [call, returned!]).sort((a, b) => a - b)
  const placeOf = new Map(events.map((event, place) => [event, place]))
  const rows = new Map<number | string, TimelineBar[]>()
  for (const { call, return: returned, process, text } of operations) {
    const bar = {
      call,
      from: placeOf.get(call)!,
      to: placeOf.get(returned!)!,
      text,
      isBlocked: call === blockedCall,
    }
    const row = rows.get(process)
    if (row === undefined) rows.set(process, [bar])
    else row.push(bar)
  }
  return { events, rows: [...rows].map(([process, bars]) => ({ process, bars })) }
}
