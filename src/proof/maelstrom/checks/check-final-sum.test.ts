import { describe, expect, it } from 'vitest'
import type { EventType, HistoryEvent } from '../../verify/history/event.ts'
import { checkFinalSum } from './check-final-sum.ts'

/** Additions by their outcome, then final reads. */
function check(adds: readonly (readonly [delta: number, EventType])[], reads: readonly number[]) {
  const events: Omit<HistoryEvent, 'index'>[] = []
  for (const [delta, type] of adds) {
    events.push({ process: events.length, type: 'invoke', f: 'add', value: delta })
    events.push({ process: events.length - 1, type, f: 'add', value: delta })
  }
  const finalFrom = events.length
  for (const sum of reads) {
    events.push({ process: 0, type: 'invoke', f: 'read', value: null })
    events.push({ process: 0, type: 'ok', f: 'read', value: sum })
  }
  const history = { origin: 'dure', events: events.map((event, index) => ({ index, ...event })) } as const
  return checkFinalSum(history, { finalFrom })
}

describe('the final sum of a counter', () => {
  it('is that of all acknowledged additions', () => {
    expect(
      check(
        [
          [3, 'ok'],
          [-1, 'ok'],
          [5, 'fail'],
        ],
        [2, 2],
      ).verdict,
    ).toBe('valid')
    expect(
      check(
        [
          [3, 'ok'],
          [-1, 'ok'],
        ],
        [2, 3],
      ).verdict,
    ).toBe('invalid')
    expect(
      check(
        [
          [3, 'ok'],
          [5, 'fail'],
        ],
        [8],
      ).verdict,
    ).toBe('invalid')
  })

  it('may have those in it whose outcome is not known, each or not', () => {
    const open = [
      [10, 'ok'],
      [1, 'info'],
      [-5, 'info'],
    ] as const
    for (const sum of [10, 11, 5, 6]) expect(check(open, [sum]).verdict, String(sum)).toBe('valid')
    for (const sum of [4, 7, 9, 12]) expect(check(open, [sum]).verdict, String(sum)).toBe('invalid')
    expect(check(open, [10]).statistics.acceptable).toEqual([
      [5, 6],
      [10, 11],
    ])
  })

  it('is every choice of them, against all choices one by one', () => {
    const deltas = [4, -3, 7, 7, -11]
    const sums = new Set([0])
    for (const delta of deltas) for (const sum of [...sums]) sums.add(sum + delta)
    for (let sum = -20; sum <= 20; sum++) {
      const { verdict } = check(
        deltas.map((delta) => [delta, 'info'] as const),
        [sum],
      )
      expect(verdict, String(sum)).toBe(sums.has(sum) ? 'valid' : 'invalid')
    }
  })

  it('is not known when nobody read it', () => {
    expect(check([[3, 'ok']], []).verdict).toBe('unknown')
  })
})
