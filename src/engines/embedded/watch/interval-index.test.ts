import { expect, test } from 'vitest'
import { utf8 } from '../../../foundation/bytes.ts'
import { SeededRandom } from '../../../runtime/seeded-random.ts'
import { type Interval, IntervalIndex } from './interval-index.ts'

test('finds the same as a look at every interval, while intervals come and go', () => {
  const random = new SeededRandom(1)
  const index = new IntervalIndex<Interval>()
  const all: Interval[] = []
  const bound = () => utf8(String.fromCharCode(97 + random.integer(0, 25)) + 'x'.repeat(random.integer(0, 2)))
  const isIn = (key: Uint8Array, { from, to }: Interval) =>
    Buffer.compare(from, key) <= 0 && (to === undefined || Buffer.compare(key, to) < 0)
  for (let round = 0; round < 500; round++) {
    if (all.length > 40 || (all.length > 0 && random.next() < 0.3)) {
      index.remove(all.splice(random.integer(0, all.length - 1), 1)[0]!)
    } else {
      const interval = { from: bound(), to: random.next() < 0.1 ? undefined : bound() }
      all.push(interval)
      index.add(interval)
    }
    const key = bound()
    const found: Interval[] = []
    index.find(key, found)
    const expected = all.filter((each) => isIn(key, each))
    expect(new Set(found)).toEqual(new Set(expected))
    expect(found).toHaveLength(expected.length)
  }
})
