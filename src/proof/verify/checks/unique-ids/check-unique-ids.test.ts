import { describe, expect, it } from 'vitest'
import { disguised, inTurn, recorded } from '../testing/recorded.ts'
import { simulateClients } from '../testing/simulate-clients.ts'
import { expectAgreement } from '../testing/tiny-histories.ts'
import { checkUniqueIds } from './check-unique-ids.ts'

describe('unique ids', () => {
  it('are compared each with each', () => {
    expectAgreement({
      histories: 4_000,
      history: (seed) =>
        simulateClients({
          ...{ seed, processes: 3, operations: seed % 7, unknownRate: 0.1, failRate: 0.1 },
          next: () => ({ f: 'generate', value: null }),
          run: (_, { below }) => (below(2) === 0 ? below(6) : `${below(6)}`),
        }),
      check: (history) => checkUniqueIds(history).verdict,
      slow: (operations) => {
        const ids = operations.filter(({ outcome }) => outcome === 'ok').map(({ answer }) => answer)
        if (ids.some((id, at) => ids.indexOf(id) !== at)) return 'invalid'
        return ids.length === 0 ? 'unknown' : 'valid'
      },
    })
  })

  it('of a counter that two servers share are fine, of one that each has for itself are not', () => {
    for (let seed = 0; seed < 30; seed++) {
      const counters = [0, 0]
      const history = (shared: boolean) =>
        simulateClients({
          ...{ seed, processes: 4, operations: 40, unknownRate: 0.1 },
          next: () => ({ f: 'generate', value: null }),
          run: (_, { process }) => counters[shared ? 0 : process % 2]!++,
        })
      expect(checkUniqueIds(disguised(history(true))).verdict).toBe('valid')
      counters.fill(0)
      expect(checkUniqueIds(history(false)).verdict).toBe('invalid')
    }
  })

  it('are counted, and their range told', () => {
    const result = checkUniqueIds(
      inTurn([
        [0, 'generate', null, 7],
        [1, 'generate', null, 3],
        [2, 'generate', null, 7],
        [2, 'generate', null, 7],
      ]),
    )
    expect(result.statistics).toEqual({ attempted: 4, acknowledged: 4, duplicated: 1, range: [3, 7] })
    expect(result.anomalies[0]!.explanation).toBe('Id 7 was given 3 times, by operations 0, 4 and 6.')
    const texts = checkUniqueIds(
      inTurn([
        [0, 'generate', null, 'b'],
        [0, 'generate', null, 'a'],
      ]),
    )
    expect(texts.statistics.range).toEqual(['a', 'b'])
    expect(checkUniqueIds(recorded([])).verdict).toBe('unknown')
  })
})
