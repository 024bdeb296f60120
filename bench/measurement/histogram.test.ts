import { expect, test } from 'vitest'
import { Histogram } from './histogram.ts'
import { median } from './median.ts'

test('an empty histogram answers zero', () => {
  const histogram = new Histogram()
  expect(histogram.count).toBe(0)
  expect(histogram.percentile(50)).toBe(0)
})

test('percentiles are within one part in 128 of the exact ones, over seven powers of ten', () => {
  const histogram = new Histogram()
  const exact: number[] = []
  let state = 12_345
  for (let i = 0; i < 20_000; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    const latencyMs = 10 ** ((state / 2 ** 32) * 7 - 3)
    exact.push(latencyMs)
    histogram.record(latencyMs)
  }
  exact.sort((left, right) => left - right)
  for (const percent of [1, 10, 50, 90, 99, 99.9, 100]) {
    const expected = exact[Math.ceil((percent / 100) * exact.length) - 1]!
    const error = Math.abs(histogram.percentile(percent) - expected)
    expect(error).toBeLessThanOrEqual(expected / 128 + 0.0001)
  }
  expect(histogram.count).toBe(20_000)
  expect(histogram.maximumMs).toBe(exact.at(-1))
})

test('one slow call in a hundred is the 100th percentile and not the 99th', () => {
  const histogram = new Histogram()
  for (let i = 0; i < 99; i++) histogram.record(1)
  histogram.record(500)
  expect(histogram.percentile(99)).toBeCloseTo(1, 1)
  expect(histogram.percentile(100)).toBeGreaterThan(495)
})

test('a latency beyond the range is counted in the last bucket', () => {
  const histogram = new Histogram()
  histogram.record(1e9)
  expect(histogram.count).toBe(1)
  expect(histogram.percentile(50)).toBeGreaterThan(200_000)
})

test('the median of an even number of values is the mean of the two in the middle', () => {
  expect(median([9, 1, 5])).toBe(5)
  expect(median([4, 1, 3, 2])).toBe(2.5)
  expect(() => median([])).toThrow('no values')
})
