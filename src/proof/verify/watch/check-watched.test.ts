import { describe, expect, it } from 'vitest'
import type { HistoryEvent, HistoryValue } from '../history/event.ts'
import { pairEvents } from '../history/pair-events.ts'
import type { RecordedOperation } from '../history/recorded-operation.ts'
import { equalValues } from '../history/value/equal-values.ts'
import { seededRandom } from '../testing/random-history.ts'
import { permutations, subsets } from '../testing/trying-all.ts'
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

/** Writes, some at once, and two watchers that are shown them as they come, mostly right; each may have to begin anew. */
function anyWatches(seed: number): HistoryEvent[] {
  const random = seededRandom(seed)
  const below = (count: number): number => Math.floor(random() * count)
  const events: HistoryEvent[] = []
  const add = (event: Omit<HistoryEvent, 'index'>) => events.push({ index: events.length, ...event })
  const committed: Change[] = []
  const reached = [0, 0]
  let value = 0
  const write = (f: string, count: number): void => {
    const changes = Array.from({ length: count }, (): Change => ['k', ++value, value])
    changes.forEach((change, process) => {
      add({ process: value * 10 + process, type: 'invoke', f, value: change.slice(0, 2) })
    })
    const order = below(2) === 0 ? changes : changes.toReversed()
    for (const change of order) {
      const type = f === 'last' || below(4) > 0 ? 'ok' : below(2) === 0 ? 'info' : 'fail'
      const process = value * 10 + changes.indexOf(change)
      add({ process, type, f, value: type === 'ok' ? change : change.slice(0, 2) })
      if (type === 'ok' || (type === 'info' && below(2) === 0) || below(20) === 0) committed.push(change)
    }
  }
  const watch = (watcher: number, isAll: boolean): void => {
    const about = { process: `watcher ${watcher}`, f: 'watch', key: watcher }
    add({ ...about, type: 'invoke', value: null })
    if (!isAll && below(5) === 0) {
      reached[watcher] = reached[watcher]! + below(committed.length - reached[watcher]! + 1)
      return void add({ ...about, type: 'fail', value: null, error: 'compacted' })
    }
    const from = reached[watcher]!
    reached[watcher] = isAll ? committed.length : from + below(committed.length - from + 1)
    const shown = committed.slice(from, reached[watcher])
    const fault = below(8)
    if (fault === 0 && shown.length > 0) shown.splice(below(shown.length), 1)
    if (fault === 1 && shown.length > 0) shown.splice(below(shown.length), 0, shown[below(shown.length)]!)
    add({ ...about, type: 'ok', value: shown as unknown as HistoryValue })
  }
  for (let step = 2 + below(4); step > 0; step--) {
    if (below(2) === 0 && value < 3) write('write', 1 + below(2))
    else watch(below(2), false)
  }
  write('last', 1)
  for (const watcher of [0, 1]) watch(watcher, true)
  return events
}

/** Whether in some order of all that was done each watcher was shown what came next, by trying every order. */
function hasOrderOfChanges(events: readonly HistoryEvent[]): boolean {
  const operations = pairEvents({ origin: 'dure', events: [...events] })
  const writes = operations.filter(({ f, outcome }) => f !== 'watch' && outcome !== 'failed')
  const runs = [0, 1].flatMap((watcher) => {
    const all: { after: number; shown: Change[] }[] = [{ after: -1, shown: [] }]
    for (const { f, key, outcome, answer, return: returned } of operations) {
      if (f !== 'watch' || key !== watcher) continue
      if (outcome === 'failed') all.push({ after: returned!, shown: [] })
      else all.at(-1)!.shown.push(...(answer as unknown as Change[]))
    }
    return all
  })
  return subsets(writes.filter(({ outcome }) => outcome === 'unknown')).some((undone) =>
    permutations(writes.filter((each) => !undone.includes(each))).some(
      (order) =>
        order.every((later, at) =>
          order.slice(at + 1).every((each) => each.outcome !== 'ok' || each.return! > later.call),
        ) &&
        runs.every(({ after, shown }) =>
          order.some(
            (_, from) =>
              (after < 0 ? from === 0 : order.slice(0, from).every(({ call }) => call < after)) &&
              shown.every((change, at) => equalValues(change[1], writtenBy(order[from + at]))),
          ),
        ),
    ),
  )
}

const writtenBy = (write: RecordedOperation | undefined): HistoryValue =>
  write === undefined ? null : (write.value as readonly HistoryValue[])[1]!

it('watches that are said to be wrong fit no order of the changes', () => {
  const seen = { right: 0, wrong: 0, missed: 0 }
  for (let seed = 1; seed <= 3_000; seed++) {
    const events = anyWatches(seed)
    const isWrong = checkWatched({ origin: 'dure', events }).verdict === 'invalid'
    const fits = hasOrderOfChanges(events)
    if (isWrong && fits) expect.fail(`seed ${seed}: ${JSON.stringify(events)}`)
    seen[fits ? 'right' : isWrong ? 'wrong' : 'missed']++
  }
  expect(seen.right).toBeGreaterThan(1_000)
  expect(seen.wrong).toBeGreaterThan(10 * seen.missed)
})
