import { expect, it } from 'vitest'
import type { HistoryValue } from '../history/event.ts'
import { ElementIndex } from './element-index.ts'

it('an index of elements knows each by what it holds, small number or not', () => {
  const elements: HistoryValue[] = [
    0,
    5,
    3000,
    2 ** 24,
    2 ** 40,
    -1,
    0.5,
    '5',
    'a',
    null,
    [1, 2],
    2n ** 60n,
    true,
  ]
  const index = new ElementIndex()
  expect(elements.map((element) => index.indexOf(element))).toEqual(elements.map(() => -1))
  expect(elements.map((element) => index.add(element))).toEqual(elements.map((_, at) => at))
  expect(elements.map((element) => index.add(structuredClone(element)))).toEqual(elements.map((_, at) => at))
  expect(index.size).toBe(elements.length)
  expect(index.indexOf(-0)).toBe(0)
  expect(index.indexOf(4)).toBe(-1)
})
