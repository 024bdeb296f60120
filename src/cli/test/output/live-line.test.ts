import { expect, test } from 'vitest'
import type { HistoryEvent } from '../../../proof/verify/history/event.ts'
import { LiveLine } from './live-line.ts'

const event = (process: HistoryEvent['process'], type: HistoryEvent['type'], f: string): HistoryEvent => ({
  index: 0,
  process,
  type,
  f,
  value: process === 'nemesis' ? '3' : null,
})

test('the line says the phase, the calls and the faults that are in force', () => {
  let nowMs = 0
  const line = new LiveLine(300_000, () => nowMs)
  expect(line.text(80)).toBe('starting nodes')
  nowMs = 2_500
  expect(line.text(80)).toBe('starting nodes 2.5 s')
  line.phase('load')
  for (let i = 0; i < 3; i++) line.event(event(i, 'invoke', 'read'))
  line.event(event(0, 'ok', 'read'))
  line.event(event('nemesis', 'info', 'begin-kill'))
  line.event(event('nemesis', 'info', 'begin-pause'))
  nowMs += 72_000
  expect(line.text(100)).toBe('load 1:12 of 5:00 · 3 calls, 1 acknowledged · 2 faults, now kill 3, pause 3')
  line.event(event('nemesis', 'info', 'end-kill'))
  line.event(event('nemesis', 'info', 'end-pause'))
  expect(line.text(100)).toBe('load 1:12 of 5:00 · 3 calls, 1 acknowledged · 2 faults')
  nowMs += 230_000
  expect(line.text(100)).toBe('load 5:00 of 5:00, last calls · 3 calls, 1 acknowledged · 2 faults')
  expect(line.text(20)).toBe('load 5:00 of 5:00, …')
})
