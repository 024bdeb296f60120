import { describe, expect, it } from 'vitest'
import type { HistoryEvent, HistoryValue } from '../../verify/history/event.ts'
import { checkSpread } from './check-spread.ts'

type Call = readonly [
  process: number,
  f: 'broadcast' | 'read',
  value: HistoryValue,
  type?: 'ok' | 'info' | 'fail',
]

function check(before: readonly Call[], final: readonly Call[]) {
  const events = [...before, ...final].flatMap(
    ([process, f, value, type = 'ok']): Omit<HistoryEvent, 'index'>[] => [
      { process, type: 'invoke', f, value: f === 'read' ? null : value },
      { process, type, f, value },
    ],
  )
  const history = { origin: 'dure', events: events.map((event, index) => ({ index, ...event })) } as const
  return checkSpread(history, 'broadcast', { finalFrom: 2 * before.length })
}

describe('what is spread', () => {
  it('is in every final read', () => {
    const sent = [
      [0, 'broadcast', 1],
      [1, 'read', []],
    ] as const
    expect(
      check(sent, [
        [0, 'read', [1]],
        [1, 'read', [1]],
      ]).verdict,
    ).toBe('valid')
    const missed = check(sent, [
      [1, 'read', []],
      [0, 'read', [1]],
    ])
    expect(missed.verdict).toBe('invalid')
    expect(missed.anomalies[0]).toMatchObject({
      name: 'missing-element',
      explanation: expect.stringMatching(/^Element 1 .* the final read of process 1/),
    })
  })

  it('may be there or not when nobody knows whether it was sent', () => {
    const sent = [
      [0, 'broadcast', 1],
      [1, 'broadcast', 2, 'info'],
      [2, 'broadcast', 3, 'fail'],
    ] as const
    expect(
      check(sent, [
        [0, 'read', [1]],
        [1, 'read', [1, 2]],
      ]).verdict,
    ).toBe('valid')
    expect(
      check(sent, [
        [0, 'read', [1, 3]],
        [1, 'read', [1]],
      ]).verdict,
    ).toBe('invalid')
  })

  it('is nothing that nobody sent', () => {
    expect(check([[0, 'broadcast', 1]], [[0, 'read', [1, 9]]]).verdict).toBe('invalid')
  })

  it('is not lost while it may still come', () => {
    const { verdict, anomalies } = check(
      [
        [0, 'broadcast', 1],
        [1, 'read', []],
      ],
      [[0, 'read', null, 'fail']],
    )
    expect([verdict, anomalies]).toEqual(['unknown', []])
  })
})
