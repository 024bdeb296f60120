import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Queue } from './queue.ts'

test('what went in first comes out first, whatever the order of calls', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 200 }), fc.nat({ max: 3_000 }), (steps, before) => {
      const queue = new Queue<number>()
      const plain: number[] = []
      let next = 0
      for (const isPush of [...Array.from({ length: before }, () => true), ...steps]) {
        if (isPush) {
          queue.push(next)
          plain.push(next++)
        } else {
          expect(queue.shift()).toBe(plain.shift())
        }
        expect(queue.size).toBe(plain.length)
      }
      while (plain.length > 0) expect(queue.shift()).toBe(plain.shift())
      expect(queue.shift()).toBeUndefined()
    }),
    { numRuns: 30 },
  )
})
