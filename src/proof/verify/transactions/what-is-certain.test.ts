import { describe, expect, test } from 'vitest'
import {
  concurrentHistory,
  end,
  invoke,
  recordedHistory,
  type SketchedTransaction,
  serialHistory,
} from '../testing/transaction-history.ts'
import { checkTransactions } from './check-transactions.ts'

const steps = (...all: SketchedTransaction['steps']): SketchedTransaction => ({ steps: all })

describe('a history that holds nothing to be judged', () => {
  const nemesis = recordedHistory(
    { process: 'nemesis', type: 'info', f: 'partition', value: null },
    { process: 'nemesis', type: 'info', f: 'heal', value: null },
  )
  test.each([
    ['events of faults alone', nemesis],
    ['no committed transaction', concurrentHistory({ ...steps(['r', 'x', null]), outcome: 'failed' })],
    ['transactions without steps', concurrentHistory(steps())],
  ])('%s', (_, history) => {
    for (const workload of ['list-append', 'rw-register'] as const) {
      const { verdict, summary } = checkTransactions(history, { workload })
      expect(verdict).toBe('unknown')
      expect(summary).toBe('Nothing can be said of the transactions: none committed a step.')
    }
  })
})

describe('a write that was missed though others wrote after the read and before it', () => {
  test('of the same client: no read of its own writes', () => {
    const history = recordedHistory(
      invoke(0, steps(['append', 'x', 2])),
      end(0, steps(['append', 'x', 2])),
      invoke(1, steps(['append', 'x', 1])),
      invoke(0, steps(['r', 'x', null])),
      end(0, steps(['r', 'x', []])),
      end(1, steps(['append', 'x', 1])),
      invoke(2, steps(['r', 'x', null])),
      end(2, steps(['r', 'x', [1, 2]])),
    )
    for (const consistency of ['read-your-writes', 'strong-session-read-atomic', 'causal']) {
      expect(checkTransactions(history, { workload: 'list-append', consistency }).verdict).toBe('invalid')
    }
  })

  test('that was seen through another transaction: no causality', () => {
    const history = concurrentHistory(
      steps(['append', 'x', 1]),
      steps(['append', 'x', 2], ['append', 'y', 1]),
      steps(['r', 'y', [1]], ['append', 'z', 1]),
      steps(['r', 'z', [1]], ['r', 'x', []]),
      steps(['r', 'x', [1, 2]]),
    )
    const check = (consistency: string) =>
      checkTransactions(history, { workload: 'list-append', consistency })
    expect(check('causal-cerone').anomalies.map(({ name }) => name)).toEqual(['causality-violation'])
    expect(check('read-atomic').verdict).toBe('valid')
  })
})

test('what is only refuted is not confirmed where no stronger level stands', () => {
  // The last writes over the second without having seen it: no cursor would have let it.
  const history = concurrentHistory(
    steps(['append', 'x', 1]),
    steps(['append', 'x', 2]),
    steps(['r', 'x', [1]], ['append', 'x', 3]),
    steps(['r', 'x', [1, 2, 3]]),
  )
  const check = (consistency: string) => checkTransactions(history, { workload: 'list-append', consistency })
  expect(check('cursor-stability').verdict).toBe('unknown')
  expect(check('consistent-view').verdict).toBe('invalid')
  const fine = serialHistory(steps(['append', 'x', 1]), steps(['r', 'x', [1]]))
  const { verdict } = checkTransactions(fine, { workload: 'list-append', consistency: 'cursor-stability' })
  expect(verdict).toBe('valid')
})
