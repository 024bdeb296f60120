import { describe, expect, it } from 'vitest'
import type { HistoryValue } from '../../history/event.ts'
import type { RecordedHistory } from '../../history/recorded-history.ts'
import type { RecordedOperation } from '../../history/recorded-operation.ts'
import { cutOff, disguised, inTurn, recorded } from '../testing/recorded.ts'
import { simulateClients } from '../testing/simulate-clients.ts'
import { expectAgreement } from '../testing/tiny-histories.ts'
import { checkSet } from './check-set.ts'
import { checkSetFull } from './check-set-full.ts'

/** A set as clients see it; `broken` may change what a read finds, or whether an add is kept. */
function simulateSet(
  seed: number,
  broken: {
    readonly keep?: (element: number) => boolean
    readonly show?: (elements: number[]) => number[]
  } = {},
  operations = 40,
): RecordedHistory {
  const kept: number[] = []
  let next = 0
  return simulateClients({
    ...{ seed, processes: 4, operations, unknownRate: 0.1, failRate: 0.05 },
    next: ({ random }) => (random() < 0.7 ? { f: 'add', value: next++ } : { f: 'read', value: null }),
    run: ({ f, value }) => {
      if (f === 'read') return broken.show?.([...kept]) ?? [...kept]
      if (broken.keep?.(value as number) ?? true) kept.push(value as number)
      return value
    },
    last: [{ f: 'read', value: null }],
  })
}

/** Anything at all: adds of a few elements, reads that answer at random. */
function anySet(seed: number): RecordedHistory {
  return simulateClients({
    ...{ seed, processes: 3, operations: 2 + (seed % 6), unknownRate: 0.15, failRate: 0.15 },
    next: ({ random, below }) =>
      random() < 0.55 ? { f: 'add', value: below(3) } : { f: 'read', value: null },
    run: ({ f, value }, { random, below }) => {
      if (f === 'add') return value
      const found = [0, 1, 2].filter(() => random() < 0.6)
      return random() < 0.05 && found.length > 0 ? [...found, found[below(found.length)]!] : found
    },
  })
}

const reads = (operations: readonly RecordedOperation[]): RecordedOperation[] =>
  operations.filter(({ f, outcome }) => f === 'read' && outcome === 'ok')
const has = (read: RecordedOperation, element: HistoryValue): boolean =>
  (read.answer as HistoryValue[]).includes(element)
const addsOf = (operations: readonly RecordedOperation[], element: HistoryValue): RecordedOperation[] =>
  operations.filter(({ f, value }) => f === 'add' && value === element)
const explains = (adds: readonly RecordedOperation[], read: RecordedOperation): boolean =>
  adds.some(({ outcome, call }) => outcome !== 'failed' && call < read.return!)

function slowSet(operations: readonly RecordedOperation[]): string {
  const final = reads(operations).sort((a, b) => b.return! - a.return!)[0]
  if (final === undefined) return 'unknown'
  const wrong = [0, 1, 2].some((element) => {
    const adds = addsOf(operations, element)
    if (has(final, element)) return !explains(adds, final)
    return adds.some(({ outcome, return: returned }) => outcome === 'ok' && returned! < final.call)
  })
  if (wrong) return 'invalid'
  return operations.some(({ f }) => f === 'add') ? 'valid' : 'unknown'
}

/** As Jepsen's: each element against each read. */
function slowSetFull(operations: readonly RecordedOperation[], linearizable: boolean) {
  const counts = { stable: 0, lost: 0, stale: 0, neverRead: 0 }
  let wrong = reads(operations).some(
    ({ answer }) => new Set(answer as number[]).size !== (answer as []).length,
  )
  for (const element of [0, 1, 2]) {
    const adds = addsOf(operations, element)
    const present = reads(operations).filter((read) => has(read, element))
    if (present.some((read) => !explains(adds, read))) wrong = true
    if (adds.length === 0) continue
    const absent = reads(operations).filter((read) => !has(read, element))
    const acknowledged = adds.filter(({ outcome }) => outcome === 'ok')
    const known = Math.min(Infinity, ...[...acknowledged, ...present].map((each) => each.return!))
    const lastPresent = Math.max(-1, ...present.map(({ call }) => call))
    const lastAbsent = Math.max(-1, ...absent.map(({ call }) => call))
    if (lastPresent > lastAbsent) {
      counts.stable++
      if (lastAbsent > known) counts.stale++
    } else if (lastAbsent > known) counts.lost++
    else counts.neverRead++
  }
  if (wrong || counts.lost > 0 || (linearizable && counts.stale > 0)) return { verdict: 'invalid', ...counts }
  return { verdict: counts.stable === 0 ? 'unknown' : 'valid', ...counts }
}

describe('the set', () => {
  it('says what a slow look at every element says', () => {
    expectAgreement({
      histories: 6_000,
      history: anySet,
      check: (history) => checkSet(history).verdict,
      slow: slowSet,
    })
  })

  it('that keeps what it is given is acquitted, one that loses or makes up an element is not', () => {
    for (let seed = 0; seed < 50; seed++) {
      const history = simulateSet(seed)
      expect(checkSet(history).verdict).toBe('valid')
      expect(checkSet(disguised(history)).verdict).toBe('valid')
      expect(checkSet(simulateSet(seed, { show: (elements) => [...elements, 77_777] })).verdict).toBe(
        'invalid',
      )
    }
    const lossy = [...Array(50).keys()].map((seed) =>
      checkSet(simulateSet(seed, { keep: (e) => e % 5 !== 1 })),
    )
    expect(lossy.filter(({ verdict }) => verdict === 'invalid').length).toBeGreaterThan(40)
  })

  it('names a lost element, and says where', () => {
    const result = checkSet(
      inTurn([
        [0, 'add', 1],
        [1, 'add', 2],
        [0, 'read', null, [2, 9]],
      ]),
    )
    expect(result.summary).toBe('The set is wrong: 1 lost element and 1 unexpected element.')
    expect(result.anomalies.map(({ explanation }) => explanation)).toEqual([
      'Element 1 was added by operation 0 and acknowledged at 1, but the final read, operation 4, which began after that, does not have it.',
      'The final read, operation 4, has element 9, but nobody ever added it.',
    ])
  })

  it('without a final read cannot be judged', () => {
    const result = checkSet(inTurn([[0, 'add', 1]]))
    expect(result).toMatchObject({ verdict: 'unknown', anomalies: [] })
    expect(result.summary).toContain('no final read')
  })

  it('does not take the absence of what failed, or has no answer, for a loss; but finds a failed add', () => {
    const lines = [
      [0, 'invoke', 'add', 1],
      [0, 'fail', 'add', 1],
      [1, 'invoke', 'add', 2],
      [1, 'info', 'add', 2],
      [2, 'invoke', 'read'],
    ] as const
    expect(checkSet(recorded([...lines, [2, 'ok', 'read', []]])).verdict).toBe('valid')
    const recovered = checkSet(recorded([...lines, [2, 'ok', 'read', [2]]]))
    expect(recovered).toMatchObject({ verdict: 'valid', statistics: { recovered: 1 } })
    const failed = checkSet(recorded([...lines, [2, 'ok', 'read', [1]]]))
    expect(failed.anomalies[0]).toMatchObject({ name: 'failed-element', events: [4] })
  })

  it('refuses a read that is no list, naming the event', () => {
    expect(() => checkSet(inTurn([[0, 'read', null, 7]]))).toThrow(
      'event 1: found 7, expected the elements of the set, as a list',
    )
  })
})

describe('the life of each element of a set', () => {
  for (const linearizable of [false, true])
    it(`is told as a slow look at every read tells it${linearizable ? ', when reads must be fresh' : ''}`, () => {
      expectAgreement({
        histories: 6_000,
        history: anySet,
        check: (history) => {
          const { verdict, statistics } = checkSetFull(history, { linearizable })
          const { stable, lost, stale, neverRead } = statistics
          return { verdict, stable, lost, stale, neverRead }
        },
        slow: (operations) => slowSetFull(operations, linearizable),
      })
    })

  it('of a linearizable set is stable at once, however the history is cut', () => {
    for (let seed = 0; seed < 50; seed++) {
      const history = simulateSet(seed)
      const result = checkSetFull(history, { linearizable: true })
      expect(result).toMatchObject({ verdict: 'valid', statistics: { stale: 0, lost: 0 } })
      expect(checkSetFull(disguised(history), { linearizable: true }).verdict).toBe('valid')
      expect(checkSetFull(cutOff(history, 30 + seed / 2), { linearizable: true }).verdict).not.toBe('invalid')
    }
  })

  it('shows a stale read, and how long it took', () => {
    const history = inTurn([
      [0, 'add', 1],
      [1, 'read', null, []],
      [1, 'read', null, [1]],
    ])
    const relaxed = checkSetFull(history)
    expect(relaxed).toMatchObject({ verdict: 'valid', statistics: { stale: 1, stable: 1 } })
    expect(relaxed.statistics.worstStale).toEqual([{ element: 1, known: 1, lastAbsent: 2, latencyMs: 1 }])
    expect(relaxed.statistics.stableLatencyMs).toMatchObject({ median: 1 })
    const strict = checkSetFull(history, { linearizable: true })
    expect(strict.anomalies[0]).toMatchObject({ name: 'stale-read', events: [0, 1, 2] })
  })

  it('ends in a loss when the last reads miss it, and duplicates are seen', () => {
    const lost = checkSetFull(
      inTurn([
        [0, 'add', 1],
        [1, 'read', null, [1]],
        [1, 'read', null, []],
      ]),
    )
    expect(lost).toMatchObject({ verdict: 'invalid', statistics: { lost: 1 } })
    const twice = inTurn([
      [0, 'add', 1],
      [1, 'read', null, [1, 1]],
    ])
    expect(checkSetFull(twice).anomalies[0]!.name).toBe('duplicate-element')
  })

  it('that nobody read cannot be judged', () => {
    const result = checkSetFull(inTurn([[0, 'add', 1]]))
    expect(result.verdict).toBe('unknown')
    expect(result.summary).toContain('no read')
  })

  it('of a replica that lags is stale', () => {
    let convicted = 0
    for (let seed = 0; seed < 50; seed++) {
      const history = simulateSet(seed, { show: (elements) => elements.slice(0, -1) })
      if (checkSetFull(history, { linearizable: true }).verdict === 'invalid') convicted++
    }
    expect(convicted).toBeGreaterThan(45)
  })
})
