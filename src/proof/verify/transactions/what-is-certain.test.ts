import { describe, expect, test } from 'vitest'
import { hasPipelinedOrders } from '../testing/operation-orders.ts'
import {
  concurrentHistory,
  end,
  invoke,
  recordedHistory,
  type SketchedTransaction,
  serialHistory,
} from '../testing/transaction-history.ts'
import { checkTransactions } from './check-transactions.ts'
import { readTransactions } from './transaction.ts'

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
  const history = concurrentHistory(
    steps(['append', 'x', 1], ['append', 'y', 1]),
    steps(['r', 'x', [1]], ['r', 'y', []]),
  )
  const check = (consistency: string) => checkTransactions(history, { workload: 'list-append', consistency })
  expect(check('cursor-stability').verdict).toBe('unknown')
  expect(check('consistent-view').verdict).toBe('invalid')
  const fine = serialHistory(steps(['append', 'x', 1]), steps(['r', 'x', [1]]))
  const { verdict } = checkTransactions(fine, { workload: 'list-append', consistency: 'cursor-stability' })
  expect(verdict).toBe('valid')
})

test('what was written over without having been seen: no cursor would have let it, nor update atomicity', () => {
  const history = concurrentHistory(
    steps(['append', 'x', 1]),
    steps(['append', 'x', 2]),
    steps(['r', 'x', [1]], ['append', 'x', 3]),
    steps(['r', 'x', [1, 2, 3]]),
  )
  const check = (consistency: string) => checkTransactions(history, { workload: 'list-append', consistency })
  expect(check('cursor-stability').verdict).toBe('invalid')
  expect(check('update-atomic').verdict).toBe('invalid')
  expect(check('read-atomic').verdict).toBe('valid')
})

test('forward consistent view says no more than consistent view of what has no recorded beginnings', () => {
  const longFork = concurrentHistory(
    steps(['append', 'x', 1]),
    steps(['append', 'y', 1]),
    steps(['r', 'x', [1]], ['r', 'y', []]),
    steps(['r', 'y', [1]], ['r', 'x', []]),
  )
  const check = (consistency: string) =>
    checkTransactions(longFork, { workload: 'list-append', consistency }).verdict
  expect(check('snapshot-isolation')).toBe('invalid')
  expect(check('forward-consistent-view')).toBe('valid')
})

describe('single objects', () => {
  /** Calls and ends in this order; a transaction that never ends is open all the time. */
  const checkAll = (history: ReturnType<typeof recordedHistory>, ...models: readonly string[]) =>
    models.map(
      (consistency) =>
        checkTransactions(history, {
          workload: JSON.stringify(history).includes('append') ? 'list-append' : 'rw-register',
          consistency,
        }).verdict,
    )
  const one = (process: number, ...all: SketchedTransaction['steps']) => [
    invoke(process, steps(...all)),
    end(process, steps(...all)),
  ]

  test('a client that reads less than before has no monotonic reads', () => {
    const write = steps(['append', 'x', 1])
    const history = recordedHistory(
      invoke(1, write),
      ...one(0, ['r', 'x', [1]]),
      ...one(0, ['r', 'x', []]),
      end(1, write),
    )
    expect(checkAll(history, 'monotonic-reads', 'PRAM', 'causal')).toEqual(['invalid', 'invalid', 'invalid'])
    expect(checkAll(history, 'read-your-writes', 'serializable')).toEqual(['valid', 'valid'])
  })

  test('though what it read was not the last that it misses now', () => {
    const writes = [steps(['append', 'x', 1]), steps(['append', 'x', 2])]
    const history = recordedHistory(
      ...writes.map((write, at) => invoke(at + 1, write)),
      ...one(0, ['r', 'x', [1, 2]]),
      ...one(0, ['r', 'x', []]),
      ...writes.map((write, at) => end(at + 1, write)),
    )
    expect(checkAll(history, 'monotonic-reads', 'linearizable')).toEqual(['invalid', 'invalid'])
  })

  test('even where weaker transactions are ruled out already', () => {
    const write = steps(['append', 'x', 1])
    const history = recordedHistory(
      invoke(1, write),
      invoke(2, steps(['append', 'y', 1])),
      end(2, { ...steps(['append', 'y', 1]), outcome: 'failed' }),
      ...one(3, ['r', 'y', [1]]),
      ...one(0, ['r', 'x', [1]]),
      ...one(0, ['r', 'x', []]),
      end(1, write),
    )
    expect(checkAll(history, 'monotonic-reads', 'linearizable')).toEqual(['invalid', 'invalid'])
  })

  test('what a transaction wrote besides, which was not read, may be missed', () => {
    const write = steps(['append', 'x', 1], ['append', 'y', 1])
    const history = recordedHistory(
      invoke(1, write),
      ...one(0, ['r', 'x', [1]]),
      ...one(0, ['r', 'y', []]),
      end(1, write),
    )
    expect(checkAll(history, 'monotonic-reads', 'causal')).toEqual(['unknown', 'invalid'])
  })

  test('writes that others saw before what they followed: no writes that follow reads', () => {
    const other = steps(['r', 'y', [1]], ['append', 'x', 1])
    const history = recordedHistory(
      invoke(1, other),
      ...one(0, ['r', 'x', [1]]),
      ...one(0, ['append', 'y', 1]),
      end(1, other),
    )
    expect(checkAll(history, 'writes-follow-reads', 'sequential')).toEqual(['invalid', 'invalid'])
    expect(checkAll(history, 'monotonic-reads')).toEqual(['unknown'])
  })

  test('but not if they were read only after the write that was seen', () => {
    const other = steps(['append', 'x', 1], ['r', 'y', [1]])
    const history = recordedHistory(
      invoke(1, other),
      ...one(0, ['r', 'x', [1]]),
      ...one(0, ['append', 'y', 1]),
      end(1, other),
    )
    expect(checkAll(history, 'writes-follow-reads', 'sequential')).toEqual(['unknown', 'unknown'])
    expect(checkAll(history, 'strong-session-read-committed')).toEqual(['invalid'])
  })

  test('a client that reads what it writes only later: no PRAM', () => {
    const history = recordedHistory(...one(0, ['r', 'x', [1]]), ...one(0, ['append', 'x', 1]))
    expect(checkAll(history, 'PRAM', 'sequential')).toEqual(['invalid', 'invalid'])
    expect(checkAll(history, 'read-your-writes')).toEqual(['unknown'])
  })

  test('a write of one client that another misses is sequential, and not linearizable', () => {
    const history = recordedHistory(...one(0, ['append', 'x', 1]), ...one(1, ['r', 'x', []]))
    expect(checkAll(history, 'linearizable', 'sequential')).toEqual(['invalid', 'valid'])
  })

  test('what one client saw and another misses later is sequential, and not linearizable', () => {
    const write = steps(['append', 'x', 1])
    const history = recordedHistory(
      invoke(0, write),
      ...one(1, ['r', 'x', [1]]),
      ...one(2, ['r', 'x', []]),
      end(0, write),
    )
    expect(checkAll(history, 'linearizable', 'sequential')).toEqual(['invalid', 'valid'])
  })

  test('causal consistency is not taken for PRAM', () => {
    // The list shows what the first of its writers appended, but only the second was seen: no order of single steps has that.
    const first = steps(['append', 'y', 1], ['append', 'x', 1])
    const second = steps(['append', 'x', 2])
    const history = recordedHistory(
      invoke(1, first),
      invoke(2, second),
      ...one(0, ['r', 'x', [1, 2]], ['r', 'y', []]),
      end(1, first),
      end(2, second),
    )
    expect(checkAll(history, 'causal', 'monotonic-reads')).toEqual(['valid', 'valid'])
    expect(hasPipelinedOrders(readTransactions(history))).toBe(false)
    expect(checkAll(history, 'PRAM')).toEqual(['unknown'])
  })
})
