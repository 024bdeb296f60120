import { expect, test } from 'vitest'
import { AnomalyList } from './anomaly-list.ts'

function told(...names: readonly string[]): string {
  const anomalies = new AnomalyList([...new Set(names)], {})
  for (const name of names) anomalies.add(name, () => ({ explanation: '', events: [] }))
  return String(anomalies)
}

test('anomalies are counted in words, also where the noun is not the last one', () => {
  expect(told('lost-element')).toBe('1 lost element')
  expect(told('lost-element', 'lost-element', 'duplicate-id')).toBe('2 lost elements and 1 duplicate id')
  expect(told('stale-token-accepted')).toBe('1 stale token accepted')
  expect(told('stale-token-accepted', 'stale-token-accepted', 'token-not-growing', 'token-not-growing')).toBe(
    '2 stale tokens accepted and 2 tokens not growing',
  )
  expect(told('read-out-of-bounds', 'read-out-of-bounds')).toBe('2 reads out of bounds')
})
