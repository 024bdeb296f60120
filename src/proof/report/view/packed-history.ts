/**
 * A run as it lies in the page: columns of numbers, with every text once. Times are microseconds from the first event;
 * `call`, `time` and `process` name the difference to the row before, which packs better.
 */
export interface PackedHistory {
  readonly functions: readonly string[]
  readonly processes: readonly string[]
  /** Keys, values and answers, as a person reads them. */
  readonly texts: readonly string[]
  /** Texts were cut to this length, so that the page stays small. */
  readonly charactersMax: number
  readonly hasTimes: boolean
  readonly call: readonly number[]
  /** From the call to the end, in events; 0 where nothing ended it. */
  readonly events: readonly number[]
  readonly time: readonly number[]
  readonly duration: readonly number[]
  /** Places in `processes`. */
  readonly process: readonly number[]
  /** Places in `functions`. */
  readonly f: readonly number[]
  /** `OK`, `FAILED` or `UNKNOWN`. */
  readonly outcome: readonly number[]
  /** Places in `texts` plus one; 0 is none. */
  readonly key: readonly number[]
  readonly value: readonly number[]
  readonly answer: readonly number[]
  readonly error: readonly number[]
  readonly faults: readonly PackedFault[]
  readonly anomalies: readonly PackedAnomaly[]
}

export interface PackedFault {
  readonly kind: string
  readonly described: string
  readonly error: string
  /** Microseconds. */
  readonly begin: number
  readonly end: number
}

export interface PackedAnomaly {
  readonly name: string
  /** Calls of its operations. */
  readonly calls: readonly number[]
}

export const OK = 0
export const FAILED = 1
export const UNKNOWN = 2
export const outcomeNames = ['ok', 'failed', 'unknown'] as const

/** The same in typed arrays, for going over a hundred thousand operations while the mouse moves. */
export interface OperationColumns {
  readonly size: number
  readonly call: Int32Array
  /** Event that ended it; -1 where nothing did. */
  readonly end: Int32Array
  /** Microseconds. */
  readonly from: Float64Array
  readonly to: Float64Array
  readonly process: Int32Array
  readonly f: Int32Array
  readonly outcome: Uint8Array
  readonly key: Int32Array
  readonly value: Int32Array
  readonly answer: Int32Array
  readonly error: Int32Array
  /** 1 where it takes part in an anomaly. */
  readonly isAnomalous: Uint8Array
}

export function unpackColumns(packed: PackedHistory): OperationColumns {
  const size = packed.call.length
  const call = Int32Array.from(running(packed.call))
  const from = Float64Array.from(running(packed.time))
  const anomalous = new Set(packed.anomalies.flatMap(({ calls }) => calls))
  return {
    size,
    call,
    end: Int32Array.from(packed.events, (events, row) => (events === 0 ? -1 : call[row]! + events)),
    from,
    to: Float64Array.from(packed.duration, (duration, row) => from[row]! + duration),
    process: Int32Array.from(running(packed.process)),
    f: Int32Array.from(packed.f),
    outcome: Uint8Array.from(packed.outcome),
    key: Int32Array.from(packed.key),
    value: Int32Array.from(packed.value),
    answer: Int32Array.from(packed.answer),
    error: Int32Array.from(packed.error),
    isAnomalous: Uint8Array.from(call, (each) => (anomalous.has(each) ? 1 : 0)),
  }
}

/** Differences of neighbours, from 0. */
export function differences(values: readonly number[]): number[] {
  return values.map((value, i) => value - (i === 0 ? 0 : values[i - 1]!))
}

function running(steps: readonly number[]): number[] {
  let sum = 0
  return steps.map((step) => (sum += step))
}

/** The row of the operation that was called at an event, or ended at it; -1 when there is none. */
export function rowOfEvent(columns: OperationColumns, event: number): number {
  let low = 0
  let high = columns.size - 1
  while (low <= high) {
    const middle = (low + high) >> 1
    const call = columns.call[middle]!
    if (call === event) return middle
    if (call < event) low = middle + 1
    else high = middle - 1
  }
  return columns.end.indexOf(event)
}
