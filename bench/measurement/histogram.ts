/** Buckets per power of two: a recorded latency is known to within 1/64, reported to within 1/128. */
const SUB_BUCKETS = 64
const SUB_BUCKET_BITS = 6
/** Latencies are kept in tenths of a microsecond, 31 bits: 214 seconds at most. */
const UNITS_PER_MS = 10_000
const UNITS_MAX = 0x7fffffff
const BUCKETS = (31 - SUB_BUCKET_BITS) * SUB_BUCKETS + SUB_BUCKETS

/**
 * Counts latencies in buckets whose width grows with the latency: constant memory, no allocation while recording.
 *
 * ```ts
 * const histogram = new Histogram()
 * histogram.record(0.42)
 * histogram.percentile(99) // milliseconds
 * ```
 */
export class Histogram {
  readonly #counts = new Float64Array(BUCKETS)
  #count = 0
  #maximumMs = 0

  get count(): number {
    return this.#count
  }

  /** The largest latency recorded, exactly. */
  get maximumMs(): number {
    return this.#maximumMs
  }

  record(latencyMs: number): void {
    const units = Math.min(Math.max(Math.round(latencyMs * UNITS_PER_MS), 0), UNITS_MAX)
    this.#counts[bucketOf(units)]!++
    this.#count++
    if (latencyMs > this.#maximumMs) this.#maximumMs = latencyMs
  }

  /** The latency in milliseconds that `percent` of all recorded ones do not exceed; 0 when none was recorded. */
  percentile(percent: number): number {
    const rank = Math.max(1, Math.ceil((percent / 100) * this.#count))
    let seen = 0
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.#counts[bucket]!
      if (seen >= rank && this.#count > 0) return Math.min(middleOf(bucket) / UNITS_PER_MS, this.#maximumMs)
    }
    return 0
  }
}

/** Below 128 units each has its own bucket; above, 64 buckets for every power of two. */
function bucketOf(units: number): number {
  const shift = Math.max(0, 31 - Math.clz32(units) - SUB_BUCKET_BITS)
  return shift * SUB_BUCKETS + (units >>> shift)
}

function middleOf(bucket: number): number {
  if (bucket < 2 * SUB_BUCKETS) return bucket
  const shift = Math.floor(bucket / SUB_BUCKETS) - 1
  const lowest = (bucket - shift * SUB_BUCKETS) * 2 ** shift
  return lowest + (2 ** shift - 1) / 2
}
