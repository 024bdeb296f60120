import { expect, test } from 'vitest'
import { drawTimeline } from './draw-timeline.ts'

test('a picture of many operations leaves the earlier ones out, and fits a terminal of 80 columns with its margin', () => {
  const bars = Array.from({ length: 60 }, (_, i) => ({
    call: 1_000 + 2 * i,
    from: 2 * i,
    to: 2 * i + 1,
    text: `write ${i}`,
    isBlocked: i === 59,
  }))
  const events = Array.from({ length: 120 }, (_, i) => 1_000 + i)
  const lines = drawTimeline({ events, rows: [{ process: 0, bars }] }).split('\n')
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(78)
  expect(lines[0]).toMatch(/^… \d+ earlier ones, not drawn$/)
  expect(lines.at(-2)).toMatch(/^process 0 {2}write 59 .*┫ ✗$/)
})
