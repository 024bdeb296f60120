import { describe, expect, test } from 'vitest'
import { SeededRandom } from './seeded-random.ts'

const draw = (random: SeededRandom, count: number): number[] =>
  Array.from({ length: count }, () => random.uint32())

describe('seeded random numbers', () => {
  test('are the same for the same seed and label, and for no other', () => {
    const numbers = draw(new SeededRandom(7), 5)
    expect(draw(new SeededRandom(7), 5)).toEqual(numbers)
    expect(draw(new SeededRandom(8), 5)).not.toEqual(numbers)
    expect(draw(new SeededRandom(7 + 2 ** 40), 5)).not.toEqual(numbers)
    expect(draw(new SeededRandom(7).fork('a'), 5)).not.toEqual(draw(new SeededRandom(7).fork('b'), 5))
  })

  test('never change between versions: recorded seeds stay worth something', () => {
    expect(draw(new SeededRandom(1), 4)).toMatchInlineSnapshot(`
      [
        3387734806,
        1080862987,
        3546521498,
        2861869171,
      ]
    `)
    expect(draw(new SeededRandom(1).fork('disk'), 2)).toMatchInlineSnapshot(`
      [
        1261967936,
        1740438311,
      ]
    `)
  })

  test('of a fork do not depend on what was drawn before it', () => {
    const fresh = new SeededRandom(3)
    const used = new SeededRandom(3)
    draw(used, 100)
    expect(draw(used.fork('x'), 5)).toEqual(draw(fresh.fork('x'), 5))
  })

  test('fill their range evenly', () => {
    const random = new SeededRandom(5)
    const counts = new Array<number>(10).fill(0)
    for (let i = 0; i < 100_000; i++) counts[random.integer(10, 19) - 10]!++
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500)
    for (let i = 0; i < 1_000; i++) {
      const unit = random.next()
      expect(unit >= 0 && unit < 1).toBe(true)
      const large = random.integer(0, Number.MAX_SAFE_INTEGER - 1)
      expect(Number.isSafeInteger(large)).toBe(true)
      const id = random.id()
      expect(Number.isSafeInteger(id) && id > 0 && id < 2 ** 52).toBe(true)
    }
  })
})
