import { describe, expect, it } from 'vitest'
import { parseHistory } from '../history/parse-history.ts'
import type { RecordedHistory } from '../history/recorded-history.ts'
import { externalHistories } from '../history/testing/external-histories.ts'
import type { CheckResult } from '../verdict/verdict.ts'
import { checkBank } from './bank/check-bank.ts'
import { checkCounter } from './counter/check-counter.ts'
import { isIndependent } from './independent/split-by-key.ts'
import { checkLongFork } from './long-fork/check-long-fork.ts'
import { checkSessionGuarantees } from './session/check-session-guarantees.ts'
import { checkSet } from './set/check-set.ts'
import { checkSetFull } from './set/check-set-full.ts'

const verdicts: readonly (readonly [
  file: string,
  check: (history: RecordedHistory) => CheckResult,
  expected: object,
])[] = [
  [
    'bank.edn',
    (history) => checkBank(history),
    { verdict: 'valid', statistics: { reads: 168, transfers: 53, total: 100 } },
  ],
  [
    'bank.edn',
    (history) => checkBank(history, { total: 100, accounts: [...Array(10).keys()] }),
    { verdict: 'valid' },
  ],
  [
    'bank-negative-balances.json',
    (history) => checkBank(history, { total: 100, accounts: [...Array(10).keys()] }),
    {
      verdict: 'invalid',
      anomalies: [
        {
          name: 'negative-balance',
          explanation: 'Operation 2 read balances below zero: 7 has -1.',
          events: [2],
        },
      ],
    },
  ],
  [
    'bank-negative-balances.json',
    (history) => checkBank(history, { negativeBalances: true }),
    { verdict: 'valid' },
  ],
  [
    'counter.edn',
    (history) => checkCounter(history),
    { verdict: 'valid', statistics: { adds: 287, reads: 0 } },
  ],
  [
    'set.edn',
    (history) => checkSet(history),
    { verdict: 'valid', statistics: { acknowledged: 3, found: 3 } },
  ],
  ['set.edn', (history) => checkSetFull(history, { linearizable: true }), { verdict: 'valid' }],
  // Its adds are of pairs, [0 17], and its one read is of single numbers: every element is lost.
  ['set_full.edn', (history) => checkSetFull(history), { verdict: 'invalid', statistics: { lost: 293 } }],
  [
    'long-fork.edn',
    (history) => checkLongFork(history, { groupSize: 3 }),
    { verdict: 'invalid', statistics: { forks: 1, reads: 2 } },
  ],
]

describe('sessions that others recorded', () => {
  const histories = externalHistories('isolation')
  it.skipIf(histories === undefined)('keep all four guarantees where they are causal', () => {
    const causal = histories!.filter(({ name }) => name.startsWith('isolation/causal/'))
    expect(causal.length).toBeGreaterThan(0)
    for (const { name, bytes } of causal) {
      const result = checkSessionGuarantees(parseHistory(bytes, { fileName: name, format: 'isolation' }))
      expect(result.verdict, `${name}: ${result.summary}`).toBe('valid')
    }
  })
})

describe('histories that others recorded', () => {
  const histories = externalHistories('elle')
  it.skipIf(histories === undefined)('are here', () => expect(histories).toBeDefined())
  for (const [file, check, expected] of histories === undefined ? [] : verdicts)
    it(`${file} gets the verdict that it is known to have`, () => {
      const external = histories!.find(({ name }) => name === `elle/${file}`)!
      const history = parseHistory(external.bytes, { fileName: external.name })
      expect(isIndependent(history)).toBe(false)
      expect(check(history)).toMatchObject(expected)
    })
})
