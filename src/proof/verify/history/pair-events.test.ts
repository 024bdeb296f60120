import { describe, expect, it } from 'vitest'
import type { HistoryEvent } from './event.ts'
import { HistoryError } from './history-error.ts'
import { pairEvents } from './pair-events.ts'
import type { RecordedHistory } from './recorded-history.ts'

function history(...events: readonly Partial<HistoryEvent>[]): RecordedHistory {
  return {
    origin: 'jepsen',
    events: events.map((event, index) => ({
      index,
      process: 0,
      type: 'invoke',
      f: 'write',
      value: null,
      ...event,
    })),
    lines: events.map((_, index) => index + 10),
  }
}

function problemOf(run: () => unknown): HistoryError {
  try {
    run()
  } catch (error) {
    if (error instanceof HistoryError) return error
    throw error
  }
  throw new Error('nothing was wrong')
}

describe('pairing the events of a history', () => {
  it('gives each call what became of it, in the order of the calls', () => {
    const operations = pairEvents(
      history(
        { process: 1, value: 3, timeNs: 5 },
        { process: 2, f: 'read', key: 'x' },
        { process: 2, f: 'read', type: 'ok', value: 3 },
        { process: 1, type: 'fail', value: 3, timeNs: 9, error: 'busy' },
        { process: 2, f: 'cas', value: [1, 2] },
        { process: 2, f: 'cas', type: 'info', value: [1, 2], error: 'timeout' },
        { process: 3, value: 4 },
      ),
    )
    expect(operations).toEqual([
      {
        ...{ process: 1, f: 'write', value: 3, answer: 3, outcome: 'failed', call: 0, return: 3 },
        ...{ callTimeNs: 5, returnTimeNs: 9, error: 'busy' },
      },
      { process: 2, f: 'read', key: 'x', value: null, answer: 3, outcome: 'ok', call: 1, return: 2 },
      { process: 2, f: 'cas', value: [1, 2], outcome: 'unknown', call: 4, error: 'timeout' },
      { process: 3, f: 'write', value: 4, outcome: 'unknown', call: 6 },
    ])
  })

  it('leaves out the nemesis, and what other named processes only tell', () => {
    const operations = pairEvents(
      history(
        { process: 'nemesis', type: 'info', f: 'start' },
        { process: 'nemesis', type: 'invoke', f: 'cut' },
        { process: 'nemesis', type: 'invoke', f: 'cut' },
        { process: 'logger', type: 'info', f: 'log' },
        { process: 'client', type: 'invoke' },
        { process: 'client', type: 'ok' },
      ),
    )
    expect(operations.map(({ process }) => process)).toEqual(['client'])
  })

  it('refuses a completion without a call, naming event and line', () => {
    const error = problemOf(() => pairEvents(history({}, { type: 'ok' }, { type: 'ok', f: 'read' })))
    expect(error).toMatchObject({ index: 2, line: 12 })
    expect(error.message).toBe(
      'line 12, event 2: found ok of read for process 0, which has no call open, expected an invoke of that process ' +
        'before it. If the history is cut off, keep its beginning: only the end may be missing.',
    )
  })

  it('refuses a second call of a process whose first is open', () => {
    const error = problemOf(() => pairEvents(history({ index: 7 }, { index: 9, f: 'read' })))
    expect(error).toMatchObject({ index: 9, line: 11 })
    expect(error.message).toContain('a call of read by process 0, whose write of event 7 is still open')
  })

  it('refuses an end of another function than was called', () => {
    expect(problemOf(() => pairEvents(history({}, { type: 'ok', f: 'read' }))).message).toContain(
      'found ok of read for process 0, expected the end of its write of event 0',
    )
  })

  it('refuses an info of a numbered process that called nothing', () => {
    expect(problemOf(() => pairEvents(history({ type: 'info' }))).index).toBe(0)
  })
})
