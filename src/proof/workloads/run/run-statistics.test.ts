import { describe, expect, test } from 'vitest'
import type { HistoryEvent } from '../../verify/history/event.ts'
import { callStatistics, faultSpans } from './run-statistics.ts'

const MS = 1e6

/** `process type f at`, one event each; of the nemesis with what it struck. */
function history(...lines: readonly string[]): HistoryEvent[] {
  return lines.map((line, index) => {
    const [process, type, f, at, ...rest] = line.split(' ') as [string, HistoryEvent['type'], string, string]
    const [value, error] = (rest as string[]).join(' ').split(' ! ')
    return {
      index,
      process: process === 'nemesis' ? process : Number(process),
      type,
      f,
      value: value === undefined || value === '' ? null : value,
      timeNs: Number(at) * MS,
      ...(error !== undefined && { error }),
    }
  })
}

describe('statistics of calls', () => {
  test('count what became of them, and how long those took that were acknowledged', () => {
    const events = history(
      '0 invoke read 0',
      '1 invoke write 1',
      '0 ok read 4',
      '0 invoke read 5',
      '1 fail write 6',
      '0 ok read 15',
      '2 invoke write 20',
      '2 info write 5000',
      '3 invoke write 30',
    )
    expect(callStatistics(events)).toEqual({
      read: { acknowledged: 2, failed: 0, unknown: 0, latencyMs: { median: 10, p99: 10, greatest: 10 } },
      // One of unknown outcome, and one that never returned.
      write: { acknowledged: 0, failed: 1, unknown: 2 },
    })
  })

  test('leave the nemesis out', () => {
    expect(callStatistics(history('nemesis info begin-kill 3 1'))).toEqual({})
  })
})

describe('faults of a history', () => {
  test('have a beginning and an end, kinds beside each other', () => {
    const events = history(
      'nemesis info begin-kill 1 3',
      'nemesis info begin-partition 2 halves 1,2 | 3',
      'nemesis info end-kill 4 3',
      'nemesis info begin-kill 5 1',
      'nemesis info end-partition 9 halves 1,2 | 3',
    )
    expect(faultSpans(events)).toEqual([
      { kind: 'kill', described: '3', beginMs: 1, endMs: 4 },
      { kind: 'partition', described: 'halves 1,2 | 3', beginMs: 2, endMs: 9 },
      { kind: 'kill', described: '1', beginMs: 5 },
    ])
  })

  test('keep what went wrong, at either end', () => {
    const events = history(
      'nemesis info begin-member 1 nobody ! no majority',
      'nemesis info end-member 2 nobody',
      'nemesis info begin-pause 3 2',
      'nemesis info end-pause 4 2 ! it does not wake',
    )
    expect(faultSpans(events)).toEqual([
      { kind: 'member', described: 'nobody', beginMs: 1, endMs: 2, error: 'no majority' },
      { kind: 'pause', described: '2', beginMs: 3, endMs: 4, error: 'it does not wake' },
    ])
  })
})
