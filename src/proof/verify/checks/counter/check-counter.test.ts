import { describe, expect, it } from 'vitest'
import type { RecordedHistory } from '../../history/recorded-history.ts'
import type { RecordedOperation } from '../../history/recorded-operation.ts'
import { cutOff, disguised, inTurn, recorded } from '../testing/recorded.ts'
import { simulateClients } from '../testing/simulate-clients.ts'
import { expectAgreement } from '../testing/tiny-histories.ts'
import { checkCounter } from './check-counter.ts'

function simulateCounter(seed: number, add: (value: number, before: number) => number): RecordedHistory {
  let counter = 0
  return simulateClients({
    ...{ seed, processes: 3, operations: 30, unknownRate: 0.1, failRate: 0.1 },
    next: ({ random, below }) =>
      random() < 0.6 ? { f: 'add', value: below(7) - 2 } : { f: 'read', value: null },
    run: ({ f, value }) => {
      if (f === 'read') return counter
      counter = add(value as number, counter)
      return value
    },
  })
}

function anyCounter(seed: number): RecordedHistory {
  return simulateClients({
    ...{ seed, processes: 3, operations: 2 + (seed % 5), unknownRate: 0.15, failRate: 0.15 },
    next: ({ random, below }) =>
      random() < 0.6 ? { f: 'add', value: below(5) - 2 } : { f: 'read', value: null },
    run: ({ f, value }, { below }) => (f === 'add' ? value : below(5) - 2),
  })
}

/** Every choice of the adds that may count, for every read by itself: its bounds are the least and greatest sum. */
function slowCounter(operations: readonly RecordedOperation[]): string {
  for (const read of operations) {
    if (read.f !== 'read' || read.outcome !== 'ok') continue
    let sums = [0]
    for (const add of operations) {
      if (add.f !== 'add' || add.outcome === 'failed' || add.call > read.return!) continue
      const certain = add.outcome === 'ok' && add.return! < read.call
      const added = sums.map((sum) => sum + (add.value as number))
      sums = certain ? added : [...sums, ...added]
    }
    const found = read.answer as number
    if (found < Math.min(...sums) || found > Math.max(...sums)) return 'invalid'
  }
  return operations.length === 0 ? 'unknown' : 'valid'
}

describe('the counter', () => {
  it('has the bounds that all choices of the open adds have', () => {
    expectAgreement({
      histories: 12_000,
      history: anyCounter,
      check: (history) => checkCounter(history).verdict,
      slow: slowCounter,
    })
  })

  it('that adds is acquitted, in any disguise and cut anywhere; one that is off by one is not', () => {
    let convicted = 0
    for (let seed = 0; seed < 100; seed++) {
      const history = simulateCounter(seed, (value, before) => before + value)
      expect(checkCounter(history).verdict).toBe('valid')
      expect(checkCounter(disguised(history)).verdict).toBe('valid')
      expect(checkCounter(cutOff(history, seed % 40)).verdict).not.toBe('invalid')
      // A lost update: an add that overwrites what was added in between.
      const broken = simulateCounter(seed, (value, before) => (before > 4 ? value : before + value))
      if (checkCounter(broken).verdict === 'invalid') convicted++
    }
    expect(convicted).toBeGreaterThan(30)
  })

  it('shows a read below the least', () => {
    const result = checkCounter(
      inTurn([
        [0, 'add', 2],
        [1, 'read', null, 1],
      ]),
    )
    expect(result.verdict).toBe('invalid')
    expect(result.anomalies[0]!.explanation).toBe(
      'Operation 2 read 1. By the adds that had returned before it, and those called before it returned, it can only have read 2.',
    )
  })

  it('counts exactly where doubles cannot', () => {
    const large = 2n ** 60n
    const history = inTurn([
      [0, 'add', large],
      [0, 'add', 1],
      [0, 'read', null, large + 1n],
      [0, 'add', -large],
      [0, 'read', null, 1],
    ])
    expect(checkCounter(history)).toMatchObject({ verdict: 'valid', statistics: { widestBounds: 0 } })
  })

  it('without a read is not contradicted, and says that nothing was tested; without anything it is unknown', () => {
    const untested = checkCounter(inTurn([[0, 'add', 1]]))
    expect(untested.verdict).toBe('valid')
    expect(untested.summary).toContain('nothing was put to the test')
    expect(checkCounter(recorded([])).verdict).toBe('unknown')
  })

  it('refuses what is no integer', () => {
    expect(() => checkCounter(inTurn([[0, 'add', 'one']]))).toThrow(
      'event 0: found "one", expected an integer',
    )
    expect(() => checkCounter(inTurn([[0, 'read', null, 0.5]]))).toThrow('event 1: found 0.5')
  })
})
