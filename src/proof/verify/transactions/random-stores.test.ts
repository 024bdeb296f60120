import { describe, expect, test } from 'vitest'
import type { HistoryEvent, HistoryValue } from '../history/event.ts'
import type { RecordedHistory } from '../history/recorded-history.ts'
import { type RandomTransactionsOptions, randomTransactions } from '../testing/random-transactions.ts'
import { checkTransactions, type TransactionsResult } from './check-transactions.ts'

const workloads = ['list-append', 'rw-register'] as const

const busy = { clients: 6, keys: 3, writesPerKey: 20, stepsMax: 5, abortRate: 0.05, unknownRate: 0.02 }

const run = (options: Partial<RandomTransactionsOptions>): RecordedHistory =>
  randomTransactions({
    seed: 11,
    workload: 'list-append',
    isolation: 'serializable',
    transactions: 700,
    ...busy,
    ...options,
  })

const check = (
  history: RecordedHistory,
  consistency: string,
  workload: (typeof workloads)[number] = 'list-append',
): TransactionsResult => checkTransactions(history, { workload, consistency })

describe.each(workloads)('correct stores, %s', (workload) => {
  test.each([
    ['serializable', 'strict-serializable'],
    ['snapshot-isolation', 'strong-snapshot-isolation'],
    ['parallel-snapshot-isolation', 'parallel-snapshot-isolation'],
    ['read-committed', 'read-committed'],
    ['serializable', 'linearizable'],
    ['snapshot-isolation', 'PRAM'],
    ['snapshot-isolation', 'writes-follow-reads'],
    ['snapshot-isolation', 'update-atomic'],
  ] as const)('a store that is %s is acquitted of violating %s', (isolation, consistency) => {
    for (let seed = 1; seed <= 3; seed++) {
      const result = check(run({ seed, workload, isolation }), consistency, workload)
      expect(result.verdict, result.summary).toBe('valid')
    }
  })
})

describe('broken stores are convicted, by name', () => {
  test.each([
    ['aborted-read', 'serializable', 'read-committed', 'G1a'],
    ['dirty-read', 'serializable', 'read-committed', 'G1a'],
    ['dirty-write', 'serializable', 'read-uncommitted', 'G0'],
    ['lost-update', 'snapshot-isolation', 'cursor-stability', 'lost-update'],
    ['lost-update', 'snapshot-isolation', 'snapshot-isolation', 'G-single-item'],
    ['fractured-read', 'snapshot-isolation', 'read-atomic', 'fractured-read'],
    ['write-skew', 'serializable', 'serializable', 'G2-item'],
    ['stale-read', 'snapshot-isolation', 'strong-snapshot-isolation', 'fractured-read-process'],
    ['stale-read', 'snapshot-isolation', 'read-your-writes', 'fractured-read-process'],
    ['stale-read', 'snapshot-isolation', 'monotonic-reads', 'causality-violation-process'],
    ['stale-read', 'snapshot-isolation', 'linearizable', 'fractured-read-process'],
    ['lost-update', 'snapshot-isolation', 'update-atomic', 'G-single-item'],
  ] as const)(
    '%s in a store that is otherwise %s violates %s by %s',
    (fault, isolation, consistency, name) => {
      const result = check(run({ fault, isolation }), consistency)
      expect(result.verdict).toBe('invalid')
      expect(result.anomalies.map((anomaly) => anomaly.name)).toContain(name)
    },
  )

  test('write skew is left alone under snapshot isolation, and a stale snapshot where real time is not asked for', () => {
    expect(check(run({ isolation: 'serializable', fault: 'write-skew' }), 'snapshot-isolation').verdict).toBe(
      'valid',
    )
    expect(
      check(run({ isolation: 'snapshot-isolation', fault: 'stale-read' }), 'snapshot-isolation').verdict,
    ).toBe('valid')
  })

  test('parallel snapshot isolation has long forks, which snapshot isolation forbids', () => {
    const history = run({ isolation: 'parallel-snapshot-isolation', readOnlyRate: 0.5, keys: 2, stepsMax: 3 })
    const result = check(history, 'snapshot-isolation')
    expect(result.verdict).toBe('invalid')
    expect([...result.anomalies].map(({ name }) => name)).toContain('long-fork')
    expect(result.models.strongestPossible).toContain('parallel-snapshot-isolation')
  })

  test('reads that do not repeat: read committed is not repeatable read', () => {
    const result = check(run({ isolation: 'read-committed' }), 'repeatable-read')
    expect(result.verdict).toBe('invalid')
    expect(result.models.strongestPossible).not.toContain('read-atomic')
  })

  test('broken registers too', () => {
    const verdict = (
      fault: RandomTransactionsOptions['fault'],
      isolation: RandomTransactionsOptions['isolation'],
    ) => check(run({ workload: 'rw-register', fault, isolation }), 'serializable', 'rw-register').verdict
    expect(verdict('aborted-read', 'serializable')).toBe('invalid')
    expect(verdict('dirty-read', 'serializable')).toBe('invalid')
    expect(verdict('lost-update', 'snapshot-isolation')).toBe('invalid')
    expect(verdict('fractured-read', 'snapshot-isolation')).toBe('invalid')
  })
})

describe('a valid history stays valid', () => {
  const history = run({ transactions: 300 })
  const isStrict = (events: readonly HistoryEvent[]): string =>
    check({ origin: 'jepsen', events }, 'strict-serializable').verdict

  test('when events are cut off its end', () => {
    for (let cut = 1; cut < history.events.length; cut += 97) {
      expect(isStrict(history.events.slice(0, -cut))).toBe('valid')
    }
  })

  test('when its events are numbered with gaps, and when processes are renamed', () => {
    expect(isStrict(history.events.map((event) => ({ ...event, index: event.index * 3 + 7 })))).toBe('valid')
    expect(isStrict(history.events.map((event) => ({ ...event, process: `client ${event.process}` })))).toBe(
      'valid',
    )
  })

  test('when keys and elements are renamed, to values of any kind', () => {
    const renamed = history.events.map((event) => ({
      ...event,
      value: (event.value as HistoryValue[][]).map(([name, key, value]): HistoryValue => {
        const element = (each: HistoryValue): HistoryValue => [key!, `e${each}`]
        const list = Array.isArray(value) ? value.map(element) : value === null ? null : element(value!)
        return [name!, new Map([['k', key!]]), list]
      }),
    }))
    expect(isStrict(renamed)).toBe('valid')
  })

  test('and a read that is changed makes it invalid', () => {
    let changed = 0
    for (const [at, event] of history.events.entries()) {
      if (event.type !== 'ok' || at % 5 > 0) continue
      const steps = event.value as HistoryValue[][]
      const first = steps[0]!
      if (first[0] !== 'r' || (first[2] as HistoryValue[]).length < 2) continue
      const mutated = [['r', first[1]!, (first[2] as HistoryValue[]).slice(1)], ...steps.slice(1)]
      expect(isStrict(history.events.with(at, { ...event, value: mutated }))).toBe('invalid')
      if (++changed === 10) return
    }
    expect(changed).toBeGreaterThan(3)
  })
})

test('what the budget does not allow is answered as unknown, and says what was spent', () => {
  const history = run({ transactions: 2000 })
  const bySteps = checkTransactions(history, { workload: 'list-append', budget: { steps: 1000 } })
  expect([bySteps.verdict, bySteps.models.strongestPossible]).toEqual(['unknown', []])
  expect(bySteps.summary).toMatch(/not known: the budget was spent after \d+ steps/)
  const byMemory = checkTransactions(history, { workload: 'list-append', budget: { memoryBytes: 1000 } })
  expect(byMemory.verdict).toBe('unknown')
  const byTime = checkTransactions(history, { workload: 'list-append', budget: { isOver: () => true } })
  expect(byTime.verdict).toBe('unknown')
})

test('pictures and sentences stay within their columns', () => {
  const result = check(run({ isolation: 'read-committed', stepsMax: 12 }), 'serializable')
  expect(result.cycles.length).toBeGreaterThan(3)
  for (const { drawing } of [...result.anomalies, ...result.notes]) {
    for (const line of drawing?.split('\n') ?? []) expect(line.length).toBeLessThanOrEqual(90)
  }
})
