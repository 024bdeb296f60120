import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LogClock } from './log-clock.ts'

test('goes on from the applied log time at the rate of the clock, whatever that shows', () => {
  const clock = new LogClock()
  clock.start(5_000, 1_763_632_000_000)
  expect(clock.read(5_000, 0)).toBe(1_763_632_000_000)
  expect(clock.read(5_700.5, 0)).toBe(1_763_632_000_700.5)
})

test('counts a pause for a second at most', () => {
  const clock = new LogClock()
  clock.start(0, 0)
  expect(clock.read(3_600_000, 0)).toBe(1_000)
  expect(clock.read(3_600_900, 0)).toBe(1_900)
})

test('is never behind what was applied, and never goes back', () => {
  const clock = new LogClock()
  clock.start(0, 100)
  expect(clock.read(10, 500)).toBe(500)
  expect(clock.read(20, 100)).toBe(510)
  expect(clock.read(15, 100)).toBe(510)
  expect(clock.read(30, 100)).toBe(520)
})

test('whoever leads, from whenever on: log time passes no faster than time does', () => {
  const anyTurn = fc.tuple(
    fc.nat({ max: 2 }),
    fc.constantFrom('lead', 'stamp', 'stamp'),
    fc.nat({ max: 1_500 }),
  )
  fc.assert(
    fc.property(fc.array(anyTurn, { maxLength: 100 }), (turns) => {
      // Each node has a monotonic clock with an origin of its own. What one stamps is applied by all, at once or late.
      const origins = [0, 77_000, 5]
      const clocks = origins.map((originMs) => {
        const clock = new LogClock()
        clock.start(originMs, 0)
        return clock
      })
      let timeMs = 0
      let appliedMs = 0
      for (const [node, what, afterMs] of turns) {
        timeMs += afterMs
        const nowMs = origins[node]! + timeMs
        if (what === 'lead') clocks[node]!.start(nowMs, appliedMs)
        else appliedMs = Math.max(appliedMs, clocks[node]!.read(nowMs, 0))
        expect(appliedMs).toBeLessThanOrEqual(timeMs)
      }
    }),
  )
})
