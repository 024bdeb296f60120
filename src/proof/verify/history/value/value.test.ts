import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { HistoryValue } from '../event.ts'
import { historyValues } from '../testing/arbitrary-history.ts'
import { equalValues } from './equal-values.ts'
import { formatValue } from './format-value.ts'
import { elementsOf, entriesOf } from './parts-of.ts'
import { valueKey } from './value-key.ts'

describe('values of a history', () => {
  it('are equal exactly when their keys are', () => {
    fc.assert(
      fc.property(historyValues(), historyValues(), (left, right) => {
        expect(equalValues(left, right)).toBe(valueKey(left) === valueKey(right))
        expect(equalValues(left, structuredClone(left))).toBe(true)
      }),
    )
  })

  it('do not mix numbers with texts, lists with sets, or one list with several', () => {
    const different: HistoryValue[] = [
      ...[
        1,
        '1',
        [1],
        [[1]],
        new Set([1]),
        new Map([[1, 1]]),
        true,
        'true',
        null,
        'nil',
        [],
        new Set<number>(),
        new Map(),
      ],
      ...[[1, 2], [12], ['1 2'], ['1', '2'], ['a', 'b'], ['a" "b'], ['a', ['b']]],
    ]
    expect(new Set(different.map(valueKey)).size).toBe(different.length)
  })

  it('are compared by what they hold, in any order where there is none', () => {
    const left = new Map<HistoryValue, HistoryValue>([
      [[1, 2], new Set([1, 'a'])],
      ['k', null],
    ])
    const right = new Map<HistoryValue, HistoryValue>([
      ['k', null],
      [[1, 2], new Set(['a', 1])],
    ])
    expect(equalValues(left, right)).toBe(true)
    expect(equalValues(0, -0)).toBe(true)
    expect(equalValues(Number.NaN, Number.NaN)).toBe(true)
    expect(equalValues([2 ** 53], [2n ** 53n])).toBe(true)
    expect(equalValues(1e22, 10n ** 22n)).toBe(true)
    expect(equalValues(new Set([1]), [1])).toBe(false)
  })

  it('are shown to people, cut when they are long', () => {
    expect(formatValue([['append', 'x', 1], null, new Set([2n ** 70n])])).toBe(
      '[["append", "x", 1], nil, #{1180591620717411303424}]',
    )
    expect(formatValue(new Map([['a', true]]))).toBe('{"a": true}')
    expect(formatValue([1, 2, 3, 4, 5, 6, 7, 8], { charactersMax: 10 })).toBe('[1, 2, 3,…')
    expect(formatValue(Array.from({ length: 100_000 }, () => 7)).length).toBe(200)
  })

  it('are taken apart when they are maps, lists or sets', () => {
    expect(entriesOf(new Map([[0, 100]]))).toEqual([[0, 100]])
    expect(entriesOf({ a: 1 } as unknown as HistoryValue)).toEqual([['a', 1]])
    expect(entriesOf([[0, 100]])).toBeUndefined()
    expect(entriesOf(null)).toBeUndefined()
    expect(elementsOf(new Set([3, 1]))).toEqual([3, 1])
    expect(elementsOf([3, 1])).toEqual([3, 1])
    expect(elementsOf('31')).toBeUndefined()
  })
})
