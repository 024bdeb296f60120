import { expect, test } from 'vitest'
import { timeToLive } from './time-to-live.ts'

test.for([
  ['500ms', 500],
  ['30s', 30_000],
  ['5m', 300_000],
  ['12h', 43_200_000],
  ['30d', 2_592_000_000],
] as const)('%s is %i ms', ([text, expected]) => {
  expect(timeToLive(text)).toBe(expected)
})

test.for(['', '30', 's', '-1s', '1.5s', '1 s', '1w'])('%j is no duration', (text) => {
  expect(() => timeToLive(text)).toThrow('500ms, 30s')
})

test.for(['99ms', '0s', '366d'])('%j is out of bounds', (text) => {
  expect(() => timeToLive(text)).toThrow('from 100ms to 365d')
})
