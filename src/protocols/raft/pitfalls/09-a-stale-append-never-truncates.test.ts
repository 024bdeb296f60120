import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Solo } from '../testing/solo.ts'

test('an append that was overtaken by a later one takes nothing away', () => {
  const solo = new Solo()
  solo.append(2, 1, [0, 0], [1, 1, 1, 1])
  solo.append(2, 1, [0, 0], [1, 1])
  solo.append(2, 1, [1, 1], [])
  expect(solo.terms).toEqual([1, 1, 1, 1])
})

test('appends of one leader in any order, any number of times, only ever add', () => {
  const log = [1, 1, 2, 3, 3, 5]
  const request = fc
    .tuple(fc.nat({ max: log.length }), fc.nat({ max: log.length }))
    .map(([from, length]) => ({ from, terms: log.slice(from, from + length) }))
  fc.assert(
    fc.property(fc.array(request, { maxLength: 20 }), (requests) => {
      const solo = new Solo({ term: 5 })
      let last = 0
      for (const { from, terms } of requests) {
        solo.append(2, 5, [from, log[from - 1] ?? 0], terms)
        expect(solo.raft.lastIndex).toBeGreaterThanOrEqual(last)
        last = solo.raft.lastIndex
        expect(solo.terms).toEqual(log.slice(0, last))
      }
    }),
  )
})

test('an append that would replace a committed entry is a broken invariant, not a truncation', () => {
  const solo = new Solo()
  solo.append(2, 1, [0, 0], [1, 1], 2)
  expect(() => solo.append(2, 2, [0, 0], [2])).toThrow('a committed entry is never replaced')
})
