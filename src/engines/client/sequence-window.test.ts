import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SequenceWindow } from './sequence-window.ts'

test('the low-water mark is the smallest number that was not given back', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 9 }), { maxLength: 60 }), (choices) => {
      const window = new SequenceWindow()
      const taken = new Set<number>()
      for (const choice of choices) {
        const held = [...taken]
        if (choice < 5 || held.length === 0) {
          taken.add(window.take())
        } else {
          const sequence = held[choice % held.length]!
          taken.delete(sequence)
          window.release(sequence)
        }
        const next = window.take()
        window.release(next)
        expect(window.lowWater).toBe(Math.min(next + 1, ...taken))
      }
    }),
  )
})

test('giving a number back twice does nothing', () => {
  const window = new SequenceWindow()
  const first = window.take()
  const second = window.take()
  window.release(second)
  window.release(second)
  expect(window.lowWater).toBe(first)
  window.release(first)
  window.release(first)
  expect(window.lowWater).toBe(second + 1)
})

test('a number that was never taken is a bug', () => {
  expect(() => new SequenceWindow().release(1)).toThrow(/only a number that was taken/)
})
