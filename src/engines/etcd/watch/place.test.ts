import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cursorFromText } from '../../../ports/key-value/cursor.ts'
import { hasExactProgress } from './exact-progress.ts'
import { cursorOf, placeOf } from './place.ts'

test('a place comes back from its cursor, which is plain text', () => {
  const places = fc.record({
    history: fc.nat({ max: 2 ** 32 - 1 }),
    revision: fc.maxSafeNat(),
    key: fc.option(fc.uint8Array({ minLength: 1, maxLength: 20 }), { nil: undefined }),
  })
  fc.assert(
    fc.property(places, (place) => {
      const cursor = cursorOf(place)
      expect(cursor).toMatch(/^[\w-]+$/)
      expect(placeOf(cursor)).toEqual(place)
    }),
  )
})

test.each(['', '-', 'a', 'a-', '-a', 'a-b-', 'A-b', 'a-b-c=', 'a b', 'a-b-c-d/'])(
  '%j is no cursor',
  (text) => {
    expect(() => placeOf(cursorFromText(text))).toThrow('give one that')
  },
)

test.each([
  ['3.4.23', false],
  ['3.4.25', true],
  ['3.5.7', false],
  ['3.5.16', true],
  ['3.6.0-rc.1', true],
  ['4.0.0', true],
  ['unknown', false],
])('the progress that etcd %s tells is exact: %s', (version, isExact) => {
  expect(hasExactProgress(version)).toBe(isExact)
})
