import { describe, expect, it } from 'vitest'
import { SeededRandom } from '../../../runtime/seeded-random.ts'
import {
  eachWorker,
  flipFlop,
  limit,
  mix,
  perKey,
  phases,
  repeat,
  retried,
  sequence,
  stagger,
  timeLimit,
  until,
} from './combinators.ts'
import type { CallEnd, Generator, Request } from './generator.ts'

const named = (f: string): Generator => repeat(() => ({ f, value: null }))

/**
 * Workers that take turns until all are done, one millisecond a turn; each call lasts `callMs`. Says what was called, by
 * whom and when.
 */
function play(
  generator: Generator,
  { workers = 1, untilMs = 1_000, callMs = 1, seed = 1, endOf = (_call: number): CallEnd => 'ok' } = {},
) {
  const random = new SeededRandom(seed)
  const calls: { worker: number; atMs: number; request: Request }[] = []
  const freeAtMs = new Array<number>(workers).fill(0)
  const returnsAtMs: number[] = []
  const finished = new Set<number>()
  const last: CallEnd[] = []
  for (let nowMs = 0; nowMs < untilMs && finished.size < workers; nowMs++) {
    for (let worker = 0; worker < workers; worker++) {
      if (finished.has(worker) || freeAtMs[worker]! > nowMs) continue
      const open = returnsAtMs.filter((atMs) => atMs > nowMs).length
      const draw = generator.next({ worker, workers, nowMs, open, last: last[worker], random })
      if (draw.kind === 'done') finished.add(worker)
      if (draw.kind === 'wait') freeAtMs[worker] = nowMs + Math.max(1, Math.ceil(draw.forMs))
      if (draw.kind === 'call') {
        last[worker] = endOf(calls.length)
        calls.push({ worker, atMs: nowMs, request: draw.request })
        freeAtMs[worker] = nowMs + callMs
        returnsAtMs.push(nowMs + callMs)
      }
    }
  }
  return { calls, isDone: finished.size === workers, functions: calls.map(({ request }) => request.f) }
}

describe('a generator', () => {
  it('gives each request of a sequence once, to whoever asks', () => {
    const requests = ['a', 'b', 'c'].map((f) => ({ f, value: null }))
    expect(play(sequence(requests), { workers: 2 })).toMatchObject({
      functions: ['a', 'b', 'c'],
      isDone: true,
    })
  })

  it('makes a call again until it ends with ok, by the same worker, after a while', () => {
    const requests = ['a', 'b', 'c'].map((f) => ({ f, value: null }))
    const ends: readonly CallEnd[] = ['ok', 'fail', 'ok', 'info', 'ok']
    const { calls, isDone } = play(retried(sequence(requests)), {
      workers: 2,
      untilMs: 5_000,
      endOf: (call) => ends[call]!,
    })
    expect(calls.map(({ worker, request }) => `${request.f} by ${worker}`)).toEqual([
      ...['a by 0', 'b by 1', 'c by 0', 'b by 1', 'b by 1'],
    ])
    expect(calls[3]!.atMs - calls[1]!.atMs).toBeGreaterThanOrEqual(500)
    expect(isDone).toBe(true)
  })

  it('ends after a number of calls of all workers together', () => {
    const { calls, isDone } = play(limit(7, named('a')), { workers: 3 })
    expect(calls).toHaveLength(7)
    expect(isDone).toBe(true)
  })

  it('is tried by one worker until it is over, and once at least', () => {
    let tries = 0
    const request = () => ({ f: `try ${++tries}`, value: null })
    const { calls, isDone } = play(
      until(() => tries >= 3, request),
      { workers: 3 },
    )
    expect(calls.map(({ worker, request: { f } }) => [worker, f])).toEqual([
      [0, 'try 1'],
      [0, 'try 2'],
      [0, 'try 3'],
    ])
    expect(isDone).toBe(true)
    expect(
      play(
        until(
          () => true,
          () => ({ f: 'once', value: null }),
        ),
      ).functions,
    ).toEqual(['once'])
  })

  it('ends when its time is over', () => {
    const { calls, isDone } = play(timeLimit(100, named('a')), { callMs: 10 })
    expect(calls).toHaveLength(10)
    expect(isDone).toBe(true)
  })

  it('draws its parts by their weights, and goes on with the rest when one is done', () => {
    const { functions } = play(mix([[3, named('often')], [1, named('seldom')], limit(2, named('twice'))]), {
      untilMs: 4_000,
    })
    const count = (f: string) => functions.filter((found) => found === f).length
    expect(count('twice')).toBe(2)
    expect(count('often') / count('seldom')).toBeGreaterThan(2.5)
    expect(count('often') / count('seldom')).toBeLessThan(3.6)
  })

  it('draws the same from the same seed, and something else from another', () => {
    const drawn = (seed: number) => play(mix([named('a'), named('b')]), { untilMs: 50, seed }).functions
    expect(drawn(3)).toEqual(drawn(3))
    expect(drawn(3)).not.toEqual(drawn(4))
  })

  it('alternates', () => {
    const { functions } = play(limit(5, flipFlop(named('start'), named('stop'))), { workers: 2 })
    expect(functions).toEqual(['start', 'stop', 'start', 'stop', 'start'])
  })

  it('keeps a mean time between the calls of all workers', () => {
    const { calls } = play(stagger(10, named('a')), { workers: 5, untilMs: 10_000 })
    expect(calls.length).toBeGreaterThan(900)
    expect(calls.length).toBeLessThan(1_100)
  })

  it('does not make up in a burst for calls that took long', () => {
    const { calls } = play(stagger(10, named('a')), { untilMs: 1_000, callMs: 100 })
    expect(calls).toHaveLength(10)
  })

  it('begins a phase when all calls of the one before have returned', () => {
    const { calls, isDone } = play(phases([limit(3, named('write')), limit(2, named('read'))]), {
      workers: 3,
      callMs: 20,
    })
    expect(isDone).toBe(true)
    const writes = calls.filter(({ request }) => request.f === 'write')
    const reads = calls.filter(({ request }) => request.f === 'read')
    expect([writes.length, reads.length]).toEqual([3, 2])
    expect(Math.min(...reads.map(({ atMs }) => atMs))).toBeGreaterThanOrEqual(
      Math.max(...writes.map(({ atMs }) => atMs)) + 20,
    )
  })

  it('gives each worker a load of its own', () => {
    const { calls } = play(
      eachWorker((worker) => limit(2, named(`of ${worker}`))),
      { workers: 3 },
    )
    expect(calls).toHaveLength(6)
    for (const { worker, request } of calls) expect(request.f).toBe(`of ${worker}`)
  })

  it('keeps groups of workers on keys of their own, one key after the other', () => {
    const { calls } = play(
      perKey(2, () => limit(4, named('a'))),
      { workers: 5, untilMs: 200 },
    )
    const byKey = new Map<unknown, Set<number>>()
    for (const { worker, request } of calls) {
      byKey.set(request.key, (byKey.get(request.key) ?? new Set()).add(Math.floor(worker / 2)))
    }
    expect(byKey.size).toBeGreaterThan(20)
    for (const groups of byKey.values()) expect(groups.size).toBe(1)
    const calledOnFirst = calls.filter(({ request }) => request.key === 0)
    expect(calledOnFirst).toHaveLength(4)
  })
})
