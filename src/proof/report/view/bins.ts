import { OK } from './packed-history.ts'
import type { TimeRange } from './scale.ts'

export interface RateBins {
  /** By bin and outcome: `counts[3 * bin + outcome]`. */
  readonly counts: Uint32Array
  readonly size: number
  /** Where the first one begins. */
  readonly start: number
  readonly width: number
  /** Of a bin, in calls. */
  readonly most: number
}

/** How many operations ended when, by outcome. */
export function rateBins(
  operations: { readonly size: number; readonly to: Float64Array; readonly outcome: Uint8Array },
  range: TimeRange,
  width: number,
): RateBins {
  const start = Math.floor(range.from / width) * width
  const size = Math.max(1, Math.ceil((range.to - start) / width))
  const counts = new Uint32Array(3 * size)
  const { to, outcome } = operations
  for (let row = 0; row < operations.size; row++) {
    const bin = Math.floor((to[row]! - start) / width)
    if (bin >= 0 && bin < size) counts[3 * bin + outcome[row]!]!++
  }
  let most = 0
  for (let bin = 0; bin < size; bin++) {
    most = Math.max(most, counts[3 * bin]! + counts[3 * bin + 1]! + counts[3 * bin + 2]!)
  }
  return { counts, size, start, width, most }
}

export interface QuantileLine {
  /** Middle of each bin, in microseconds. */
  readonly at: Float64Array
  /** Latencies; NaN where nothing was acknowledged. */
  readonly median: Float64Array
  readonly p99: Float64Array
}

/** Latencies of acknowledged calls of one function over time. */
export function quantileLine(
  operations: {
    readonly from: Float64Array
    readonly to: Float64Array
    readonly outcome: Uint8Array
  },
  rows: Int32Array,
  range: TimeRange,
  width: number,
): QuantileLine {
  const start = Math.floor(range.from / width) * width
  const size = Math.max(1, Math.ceil((range.to - start) / width))
  const latencies: number[][] = Array.from({ length: size }, () => [])
  for (const row of rows) {
    const from = operations.from[row]!
    const bin = Math.floor((from - start) / width)
    if (bin >= 0 && bin < size && operations.outcome[row] === OK)
      latencies[bin]!.push(operations.to[row]! - from)
  }
  const at = new Float64Array(size)
  const median = new Float64Array(size).fill(Number.NaN)
  const p99 = new Float64Array(size).fill(Number.NaN)
  for (let bin = 0; bin < size; bin++) {
    at[bin] = start + (bin + 0.5) * width
    const sorted = Float64Array.from(latencies[bin]!).sort()
    if (sorted.length === 0) continue
    median[bin] = quantile(sorted, 0.5)
    p99[bin] = quantile(sorted, 0.99)
  }
  return { at, median, p99 }
}

/** The least value that so large a share of the others does not exceed. */
function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!
}
