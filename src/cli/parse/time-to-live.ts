import { InvalidArgumentError } from 'commander'
import { limits } from '../../ports/key-value/limits.ts'

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** For commander: `500ms`, `30s`, `5m`, `12h`, `30d` in milliseconds, within the bounds of a time to live. */
export function timeToLive(text: string): number {
  const [, digits, unit] = /^(\d{1,12})(ms|s|m|h|d)$/.exec(text) ?? []
  if (digits === undefined)
    throw new InvalidArgumentError('Use a whole number and a unit: 500ms, 30s, 5m, 12h, 30d.')
  const ms = Number(digits) * UNIT_MS[unit as keyof typeof UNIT_MS]
  if (ms >= limits.ttlMsMin && ms <= limits.ttlMsMax) return ms
  const days = limits.ttlMsMax / UNIT_MS.d
  throw new InvalidArgumentError(`Use a time from ${limits.ttlMsMin}ms to ${days}d.`)
}
