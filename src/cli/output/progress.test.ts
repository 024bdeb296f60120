import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { Progress } from './progress.ts'

function setup(isTTY: boolean) {
  const stream = Object.assign(new PassThrough({ encoding: 'utf8' }), { isTTY })
  const clock = { nowMs: 0 }
  const progress = new Progress(stream, () => clock.nowMs)
  return { clock, progress, read: () => (stream.read() as string | null) ?? '' }
}

test('a terminal is redrawn in place, ten times a second at most', () => {
  const { clock, progress, read } = setup(true)
  progress.update(() => 'one')
  progress.update(() => 'too soon')
  clock.nowMs = 150
  progress.update(() => 'two')
  progress.finish('done')
  expect(read()).toBe('\rone\u001b[K\rtwo\u001b[K\rdone\u001b[K\n')
})

test('a log gets a line every five seconds, and the last word', () => {
  const { clock, progress, read } = setup(false)
  for (clock.nowMs = 0; clock.nowMs <= 11_000; clock.nowMs += 100) progress.update(() => `at ${clock.nowMs}`)
  progress.finish('done')
  expect(read()).toBe('at 5000\nat 10000\ndone\n')
})

test('an error does not stand in the middle of the line', () => {
  const { progress, read } = setup(true)
  progress.update(() => 'half')
  progress.abandon()
  progress.abandon()
  expect(read()).toBe('\rhalf\u001b[K\n')
})
