/** Values at 0 (the least), a half, 95 and 99 hundredths, and 1 (the greatest) of what was measured. */
export interface Quantiles {
  readonly least: number
  readonly median: number
  readonly p95: number
  readonly p99: number
  readonly greatest: number
}

/** Undefined of nothing. */
export function quantilesOf(values: readonly number[]): Quantiles | undefined {
  if (values.length === 0) return undefined
  const sorted = Float64Array.from(values).sort()
  const at = (part: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!
  return { least: at(0), median: at(0.5), p95: at(0.95), p99: at(0.99), greatest: at(1) }
}
