import { expect, test } from 'vitest'
import { formatBytes, formatCount, formatDuration } from './format.ts'

test('counts, sizes and durations as people read them', () => {
  expect([0, 999, 1_000, 1_234_567].map(formatCount)).toEqual(['0', '999', '1,000', '1,234,567'])
  expect([0, 1_023, 1_536, 17_142_887, 5 * 2 ** 40].map(formatBytes)).toEqual([
    '0 B',
    '1023 B',
    '1.5 KiB',
    '16.3 MiB',
    '5.0 TiB',
  ])
  expect([3.4, 999, 4_200, 200_000].map(formatDuration)).toEqual(['3 ms', '999 ms', '4.2 s', '3 min 20 s'])
})
