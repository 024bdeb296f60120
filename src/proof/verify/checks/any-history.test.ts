import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { HistoryEvent } from '../history/event.ts'
import { HistoryError } from '../history/history-error.ts'
import type { RecordedHistory } from '../history/recorded-history.ts'
import { historyValues } from '../history/testing/arbitrary-history.ts'
import type { CheckResult } from '../verdict/verdict.ts'
import { checkBank } from './bank/check-bank.ts'
import { checkCausalRegister } from './causal/check-causal-register.ts'
import { checkCausalReverse } from './causal/check-causal-reverse.ts'
import { checkCounter } from './counter/check-counter.ts'
import { checkIndependent } from './independent/check-independent.ts'
import { checkLog } from './log/check-log.ts'
import { checkLongFork } from './long-fork/check-long-fork.ts'
import { checkFencedMutualExclusion } from './mutual-exclusion/check-fenced-mutual-exclusion.ts'
import { checkPredicateG2 } from './predicate/check-predicate-g2.ts'
import { checkQueue } from './queue/check-queue.ts'
import { checkTotalQueue } from './queue/check-total-queue.ts'
import { checkSessionGuarantees } from './session/check-session-guarantees.ts'
import { checkSet } from './set/check-set.ts'
import { checkSetFull } from './set/check-set-full.ts'
import { checkUniqueIds } from './unique-ids/check-unique-ids.ts'

const all: readonly (readonly [
  check: (history: RecordedHistory) => CheckResult,
  functions: readonly string[],
])[] = [
  [checkSet, ['add', 'read']],
  [checkSetFull, ['add', 'read']],
  [checkCounter, ['add', 'read']],
  [checkBank, ['transfer', 'read']],
  [checkQueue, ['enqueue', 'dequeue', 'drain']],
  [checkTotalQueue, ['enqueue', 'dequeue', 'drain']],
  [checkUniqueIds, ['generate']],
  [checkLongFork, ['txn', 'read']],
  [checkCausalRegister, ['write', 'read', 'read-init']],
  [checkCausalReverse, ['write', 'read']],
  [checkSessionGuarantees, ['write', 'read', 'txn']],
  [checkPredicateG2, ['insert']],
  [checkFencedMutualExclusion, ['acquire', 'use', 'release']],
  [checkLog, ['send', 'poll', 'txn', 'assign']],
]

function histories(functions: readonly string[]): fc.Arbitrary<RecordedHistory> {
  const operation = fc.record({
    f: fc.constantFrom(...functions),
    end: fc.constantFrom('ok', 'ok', 'fail', 'info', undefined),
    asked: historyValues(),
    answered: historyValues(),
  })
  return fc.array(operation, { maxLength: 5 }).map((operations) => {
    const events: HistoryEvent[] = []
    operations.forEach(({ f, end, asked, answered }, process) => {
      events.push({ index: events.length, process, type: 'invoke', f, value: asked })
      if (end === undefined) return
      events.push({ index: events.length, process, type: end as 'ok', f, value: answered })
    })
    return { origin: 'jepsen', events }
  })
}

function expectSense(check: () => CheckResult): void {
  try {
    const { verdict, summary, anomalies, spent } = check()
    expect(anomalies.length > 0).toBe(verdict === 'invalid')
    expect(summary).toMatch(/\.$/)
    for (const { explanation, events } of anomalies) {
      expect(explanation).toMatch(/\.$/)
      expect(events.every((index) => index >= 0)).toBe(true)
    }
    expect(spent.steps).toBeGreaterThanOrEqual(0)
  } catch (error) {
    if (!(error instanceof HistoryError)) throw error
    expect(error.index).toBeDefined()
  }
}

describe('a history of any values', () => {
  for (const [check, functions] of all)
    it(`gets a verdict of ${check.name}, or an error that names the event`, () => {
      fc.assert(
        fc.property(histories(functions), (history) => {
          expectSense(() => check(history))
          expectSense(() => checkIndependent(history, check, {}))
        }),
        { numRuns: 300 },
      )
    })

  it('without operations is never valid', () => {
    for (const [check] of all) expect(check({ origin: 'dure', events: [] }).verdict).toBe('unknown')
  })
})
