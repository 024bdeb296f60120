import { expect, test } from 'vitest'
import type { HistoryEvent } from '../../verify/history/event.ts'
import { describeOperation, describeValue } from './describe-operation.ts'
import { reportOperations } from './report-operation.ts'

const call = { index: 0, process: 1, type: 'invoke', f: 'read', value: null } as const
const end = { index: 1, process: 1, type: 'ok', f: 'read', value: 17 } as const

test.for<[HistoryEvent, HistoryEvent, string]>([
  [{ ...call, key: 4 }, end, 'read 4 → 17'],
  [{ ...call, f: 'write', value: 3 }, { ...end, f: 'write', value: 3 }, 'write 3'],
  [{ ...call, f: 'write', value: 3 }, { ...end, type: 'info', f: 'write', value: 3 }, 'write 3 ?'],
  [{ ...call, f: 'cas', value: [1, 2] }, { ...end, type: 'fail', f: 'cas', value: [1, 2] }, 'cas [1, 2] ✕'],
  [
    { ...call, f: 'txn', value: [['append', 8, 1]] },
    { ...end, f: 'txn', value: [['append', 8, 1]] },
    'txn append 8 1',
  ],
  [
    { ...call, f: 'txn', value: [['r', 9, null]] },
    { ...end, f: 'txn', value: [['r', 9, [1, 2, 3, 4, 5, 6]]] },
    'txn r 9 [… 4, 5, 6]',
  ],
  [call, { ...end, value: 'x'.repeat(90) }, `read → "${'x'.repeat(27)}…`],
])('an operation fits in a bar of a drawing: %#', ([invoked, returned, text]) => {
  expect(describeOperation(reportOperations([invoked, returned])[0]!)).toBe(text)
})

test('values are whole, up to what there is room for', () => {
  expect(
    describeValue(
      [
        ['append', 'a', 1],
        ['r', 'b', null],
      ],
      100,
    ),
  ).toBe('append "a" 1 · r "b"')
  expect(describeValue([['key 6', 2, 3]], 100)).toBe('[["key 6", 2, 3]]')
  expect(
    describeValue(
      Array.from({ length: 9 }, (_, i) => i),
      10,
    ),
  ).toBe('[0, 1, 2,…')
})
