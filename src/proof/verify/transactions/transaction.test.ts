import { expect, test } from 'vitest'
import type { HistoryEvent, HistoryValue } from '../history/event.ts'
import { readTransactions } from './transaction.ts'

const event = (
  index: number,
  process: number | string,
  type: HistoryEvent['type'],
  value: HistoryValue,
): HistoryEvent => ({ index, process, type, f: 'txn', value })

test('commits take what was answered, aborts and unknown ones what was asked, without what nobody read', () => {
  const transactions = readTransactions({
    origin: 'jepsen',
    events: [
      event(0, 0, 'invoke', [
        ['r', 'x', null],
        ['append', 'x', 1],
      ]),
      event(1, 1, 'invoke', [
        ['r', 'x', null],
        ['w', 'y', 2],
      ]),
      event(2, 2, 'invoke', [['append', 'x', 3]]),
      event(3, 0, 'ok', [
        ['r', 'x', [7]],
        ['append', 'x', 1],
      ]),
      event(4, 1, 'fail', [
        ['r', 'x', null],
        ['w', 'y', 2],
      ]),
    ],
  })
  expect(transactions).toEqual([
    {
      index: 0,
      process: 0,
      outcome: 'ok',
      operations: [
        { kind: 'read', key: 'x', value: [7] },
        { kind: 'append', key: 'x', value: 1 },
      ],
      call: 0,
      return: 3,
    },
    {
      index: 1,
      process: 1,
      outcome: 'failed',
      operations: [
        { kind: 'read', key: 'x', value: undefined },
        { kind: 'write', key: 'y', value: 2 },
      ],
      call: 1,
      return: 4,
    },
    {
      index: 2,
      process: 2,
      outcome: 'unknown',
      operations: [{ kind: 'append', key: 'x', value: 3 }],
      call: 2,
      return: undefined,
    },
  ])
})

test('a step that is none is refused, naming the event', () => {
  const history = { origin: 'jepsen', events: [event(4, 0, 'invoke', [['cas', 'x', 1]])] } as const
  expect(() => readTransactions(history)).toThrow(/event 4.*\["cas", "x", 1\].*\["append", key, element\]/)
})

test('a value that is no list of steps is refused', () => {
  const history = { origin: 'jepsen', events: [event(4, 0, 'invoke', 3)] } as const
  expect(() => readTransactions(history)).toThrow(/event 4.*found the value 3.*a list of steps/)
})

test('an answer that is no transaction is refused at its own event', () => {
  const answered = (value: HistoryValue) => ({
    origin: 'jepsen' as const,
    events: [event(0, 0, 'invoke', [['append', 'x', 1]]), event(1, 0, 'ok', value)],
  })
  expect(() => readTransactions(answered('timeout'))).toThrow('event 1: found the value "timeout"')
  expect(() => readTransactions(answered([['grow', 'x', 1]]))).toThrow('event 1: found the step')
})
