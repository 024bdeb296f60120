/** The part of the run that is shown, in microseconds. */
export interface TimeRange {
  readonly from: number
  readonly to: number
}

/** No nearer than this. */
const SPAN_MIN = 200

/** Nearer (a factor under 1) or farther, with what is at `center` staying in its place; never beyond the whole. */
export function zoomed(range: TimeRange, whole: TimeRange, center: number, factor: number): TimeRange {
  const span = Math.min(whole.to - whole.from, Math.max(SPAN_MIN, (range.to - range.from) * factor))
  const share = (center - range.from) / (range.to - range.from)
  return within({ from: center - share * span, to: center + (1 - share) * span }, whole)
}

export function moved(range: TimeRange, whole: TimeRange, by: number): TimeRange {
  return within({ from: range.from + by, to: range.to + by }, whole)
}

/** As long as before where that is possible, and not beyond the whole. */
export function within(range: TimeRange, whole: TimeRange): TimeRange {
  const span = Math.min(Math.max(SPAN_MIN, range.to - range.from), whole.to - whole.from)
  const from = Math.min(Math.max(range.from, whole.from), whole.to - span)
  return { from, to: from + span }
}

/** Round places to label, about so many: 1, 2 or 5 times a power of ten apart. */
export function ticks({ from, to }: TimeRange, about: number): number[] {
  const step = niceStep((to - from) / Math.max(1, about))
  const places: number[] = []
  for (let i = Math.ceil(from / step); i * step <= to; i++) places.push(i * step)
  return places
}

export function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(least, 1e-9)))
  for (const factor of [1, 2, 5]) if (factor * power >= least * 0.999) return factor * power
  return 10 * power
}

/** Powers of ten between these, both included: labels of a logarithmic axis. */
export function decades(least: number, most: number): number[] {
  const places: number[] = []
  for (let power = Math.floor(Math.log10(least)); 10 ** power <= most * 1.001; power++)
    places.push(10 ** power)
  return places
}

/** Microseconds as `1.25 s`, with the digits that places `step` apart need. */
export function formatTime(microseconds: number, step = 1): string {
  const digits = (unit: number): number =>
    Math.max(0, Math.min(6, Math.ceil(-Math.log10(step / unit) - 1e-9)))
  if (step >= 1e4 || microseconds === 0) {
    const seconds = microseconds / 1e6
    if (Math.abs(seconds) < 600) return `${seconds.toFixed(digits(1e6))} s`
    const minutes = Math.floor(seconds / 60)
    return `${minutes}:${(seconds - 60 * minutes).toFixed(digits(1e6)).padStart(2, '0')}`
  }
  return `${(microseconds / 1e6).toFixed(digits(1e6))} s`
}

/** A length of time with three digits: `850 µs`, `3.21 ms`, `12.4 s`. */
export function formatDuration(microseconds: number): string {
  if (microseconds < 1e3) return `${Math.round(microseconds)} µs`
  if (microseconds < 1e6) return `${threeDigits(microseconds / 1e3)} ms`
  if (microseconds < 120e6) return `${threeDigits(microseconds / 1e6)} s`
  return `${threeDigits(microseconds / 60e6)} min`
}

function threeDigits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)
}

/** `12 345`, with narrow spaces that do not break. */
export function formatCount(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, '\u202f')
}
