import { describe, expect, it } from 'vitest'
import type { HistoryValue } from '../../history/event.ts'
import type { RecordedHistory } from '../../history/recorded-history.ts'
import { cutOff, disguised, inTurn, recorded } from '../testing/recorded.ts'
import { simulateClients } from '../testing/simulate-clients.ts'
import { expectAgreement } from '../testing/tiny-histories.ts'
import { checkPredicateG2 } from './check-predicate-g2.ts'

/** Two inserts a key, of which `admits` says which succeed. */
function simulateInserts(
  seed: number,
  operations: number,
  admits: (isTaken: boolean, below: (count: number) => number) => boolean,
): RecordedHistory {
  const taken = new Set<HistoryValue>()
  let next = 0
  return simulateClients({
    ...{ seed, processes: 4, operations, unknownRate: 0.1, failRate: 0.1 },
    next: () => {
      const id = next++
      return { f: 'insert', value: [id >> 1, id % 2 === 0 ? [id, null] : [null, id]] }
    },
    run: ({ value }, { below }) => {
      const [key] = value as [number, HistoryValue]
      if (!admits(taken.has(key), below)) return undefined
      taken.add(key)
      return value
    },
  })
}

describe('G2 by predicate', () => {
  it('is found by counting the inserts of each key', () => {
    expectAgreement({
      histories: 4_000,
      history: (seed) => simulateInserts(seed, 1 + (seed % 6), (_, below) => below(2) === 0),
      check: (history) => checkPredicateG2(history).verdict,
      slow: (operations) => {
        const keyOf = (value: HistoryValue): HistoryValue => (value as HistoryValue[])[0]!
        const done = operations.filter(({ outcome }) => outcome === 'ok')
        const others = (value: HistoryValue, among: typeof operations): number =>
          among.filter((each) => keyOf(each.value) === keyOf(value)).length - 1
        if (done.some(({ value }) => others(value, done) > 0)) return 'invalid'
        return done.some(({ value }) => others(value, operations) > 0) ? 'valid' : 'unknown'
      },
    })
  })

  it('is not where predicates are locked, in disguise or cut; it is where they are not', () => {
    for (let seed = 0; seed < 40; seed++) {
      const history = simulateInserts(seed, 40, (isTaken) => !isTaken)
      expect(checkPredicateG2(disguised(history)).verdict).toBe('valid')
      expect(checkPredicateG2(cutOff(history, seed)).verdict).not.toBe('invalid')
      const open = simulateInserts(seed, 40, (isTaken, below) => !isTaken || below(3) === 0)
      expect(checkPredicateG2(open).verdict).toBe('invalid')
    }
  })

  it('is drawn as a cycle of two', () => {
    const [anomaly] = checkPredicateG2(
      inTurn([
        [0, 'insert', [7, [1, null]]],
        [1, 'insert', [7, [null, 2]]],
      ]),
    ).anomalies
    expect(anomaly!.explanation).toContain(
      'Operations 0 and 2 each inserted a row for key 7 after finding none',
    )
    expect(anomaly!.drawing).toBe('  0 ──rw──▶ 2\n  2 ──rw──▶ 0   (no row of key 7 seen, by both)')
  })

  it('cannot be judged where no key was contested, and refuses inserts without a key', () => {
    expect(checkPredicateG2(recorded([])).verdict).toBe('unknown')
    expect(() => checkPredicateG2(inTurn([[0, 'insert', 7]]))).toThrow(
      'event 0: found 7, expected a pair of a key',
    )
  })
})
