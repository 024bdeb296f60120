import { expect, test } from 'vitest'
import type { EventType, HistoryEvent, HistoryValue } from '../../verify/history/event.ts'
import { queue } from './queue.ts'

type Call = readonly [f: 'enqueue' | 'dequeue' | 'drain', type: EventType, value: HistoryValue]

/** As a thread judges a history that it has read: by a plan that made none of it. */
function judged(...calls: readonly Call[]) {
  const events = calls.flatMap(([f, type, value], process): HistoryEvent[] => {
    const asked = f === 'enqueue' ? value : null
    return [
      { index: 2 * process, process, type: 'invoke', f, value: asked },
      { index: 2 * process + 1, process, type, f, value },
    ]
  })
  return queue.plan({ workers: 1, prefix: '' }).check({ origin: 'dure', events }).verdict
}

const enqueued: readonly Call[] = [
  ['enqueue', 'ok', 0],
  ['enqueue', 'ok', 1],
]
const unanswered: Call = ['dequeue', 'info', null]

test('a dequeue without an answer is no excuse for a lost job once a drain has told what such dequeues took', () => {
  expect(judged(...enqueued, unanswered, ['drain', 'ok', [1]])).toBe('invalid')
  expect(judged(...enqueued, unanswered, ['drain', 'ok', [0, 1]])).toBe('valid')
})

test('without a drain it may have taken it', () => {
  expect(judged(...enqueued, unanswered, ['dequeue', 'ok', 1], ['dequeue', 'fail', null])).toBe('unknown')
})
