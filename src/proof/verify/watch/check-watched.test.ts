import { describe, expect, it } from 'vitest'
import type { HistoryEvent, HistoryValue } from '../history/event.ts'
import { checkWatched } from './check-watched.ts'

type Change = readonly [name: string, value: number, version: number]

/** Writes one after the other, then what each watcher was shown by its watches. */
function check(
  writes: readonly { readonly change: Change; readonly type?: 'ok' | 'fail' | 'info' }[],
  watchers: Readonly<Record<string, readonly (readonly Change[] | 'compacted')[]>>,
) {
  const events: HistoryEvent[] = []
  const add = (event: Omit<HistoryEvent, 'index'>) => events.push({ index: events.length, ...event })
  const write = (f: string, process: number, change: Change, type: 'ok' | 'fail' | 'info') => {
    add({ process, type: 'invoke', f, value: change.slice(0, 2) })
    add({ process, type, f, value: type === 'ok' ? change : change.slice(0, 2) })
  }
  for (const [process, { change, type = 'ok' }] of writes.entries()) write('write', process, change, type)
  write('last', 99, LAST, 'ok')
  for (const [key, watches] of Object.entries(watchers)) {
    for (const changes of watches) {
      const about = { process: `watcher ${key}`, f: 'watch', key }
      add({ ...about, type: 'invoke', value: null })
      if (changes === 'compacted') add({ ...about, type: 'fail', value: null, error: changes })
      else add({ ...about, type: 'ok', value: changes as unknown as HistoryValue })
    }
  }
  return checkWatched({ origin: 'dure', events })
}

const LAST: Change = ['z', 0, 9]
const a: Change = ['a', 1, 1]
const b: Change = ['b', 2, 2]
const c: Change = ['a', 3, 3]
const written = [{ change: a }, { change: b }, { change: c }]

describe('watches', () => {
  it('are valid when each change was shown once, in one order', () => {
    expect(
      check(written, {
        one: [
          [a, b],
          [c, LAST],
        ],
        two: [[a], [], [b, c, LAST]],
      }),
    ).toMatchObject({
      verdict: 'valid',
      statistics: { watchers: 2, shown: 8, acknowledged: 4 },
    })
  })

  it('may show a write of unknown outcome, or not', () => {
    const unknown = [{ change: a }, { change: b, type: 'info' as const }]
    expect(check(unknown, { one: [[a, b, LAST]] }).verdict).toBe('valid')
    expect(check(unknown, { one: [[a, LAST]] }).verdict).toBe('valid')
  })

  it('say nothing when nobody saw the last write', () => {
    expect(check(written, { one: [[a, b]] })).toMatchObject({ verdict: 'unknown', anomalies: [] })
  })

  it('may begin anew after what they lacked was compacted', () => {
    expect(check(written, { one: [[a], 'compacted', [c, LAST]], two: [[a, b, c, LAST]] }).verdict).toBe(
      'valid',
    )
  })

  it('that began anew must show what was called since', () => {
    const watcher = (shown: readonly Change[]) => ({ one: ['compacted' as const, shown] })
    // The writes of this history were called before; only the last one is certain.
    expect(check(written, watcher([LAST])).verdict).toBe('valid')
    const about = { process: 'w', f: 'watch', key: 'w', value: null }
    const call = (process: number, f: string, change: Change) => [
      { process, type: 'invoke' as const, f, value: change.slice(0, 2) },
      { process, type: 'ok' as const, f, value: change },
    ]
    const events = [
      { ...about, type: 'invoke' as const },
      { ...about, type: 'fail' as const, error: 'compacted' },
      ...call(1, 'write', a),
      ...call(2, 'last', LAST),
      { ...about, type: 'invoke' as const },
      { ...about, type: 'ok' as const, value: [LAST] },
    ].map((event, index) => ({ index, ...event }))
    expect(checkWatched({ origin: 'dure', events })).toMatchObject({
      verdict: 'invalid',
      anomalies: [{ name: 'missed-change', events: [2] }],
    })
  })

  it('that began anew after the last write are held to the next one', () => {
    const again: Change = ['z', 1, 11]
    const late: Change = ['b', 4, 10]
    const about = { process: 'w', f: 'watch', key: 'w', value: null }
    const call = (f: string, change: Change) => [
      { process: 1, type: 'invoke' as const, f, value: change.slice(0, 2) },
      { process: 1, type: 'ok' as const, f, value: change },
    ]
    const shown = (changes: readonly Change[]) => {
      const events = [
        ...call('write', a),
        ...call('last', LAST),
        { ...about, type: 'invoke' as const },
        { ...about, type: 'fail' as const, error: 'compacted' },
        ...call('write', late),
        ...call('last', again),
        { ...about, type: 'invoke' as const },
        { ...about, type: 'ok' as const, value: changes as unknown as HistoryValue },
      ].map((event, index) => ({ index, ...event }))
      return checkWatched({ origin: 'dure', events })
    }
    expect(shown([late, again]).verdict).toBe('valid')
    expect(shown([again])).toMatchObject({
      verdict: 'invalid',
      anomalies: [{ name: 'missed-change', events: [6] }],
    })
  })

  it.for([
    ['missed-change', written, { one: [[a, c, LAST]] }],
    ['watchers-disagree', written, { one: [[a, b, c, LAST]], two: [[a, c]] }],
    ['watchers-disagree', written, { one: [[a, b, c, LAST]], two: [[b, a]] }],
    ['watchers-disagree', written, { one: [[a, b, c, LAST]], two: [[b]] }],
    [
      'repeated-change',
      written,
      {
        one: [
          [a, b],
          [b, c, LAST],
        ],
      },
    ],
    ['failed-change', [{ change: a, type: 'fail' }], { one: [[a, LAST]] }],
    ['unwritten-change', [], { one: [[b, LAST]] }],
    ['missed-change', written, { one: [[a, b, ['a', 3, 7], LAST]] }],
  ] as const)('are invalid with a %s', ([name, writes, watchers]) => {
    const { verdict, anomalies, summary } = check(writes, watchers)
    expect(verdict).toBe('invalid')
    expect(anomalies.map((anomaly) => anomaly.name)).toContain(name)
    expect(summary).toContain(anomalies[0]!.explanation)
  })
})
