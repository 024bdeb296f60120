import { expect, test } from 'vitest'
import type { CheckJob } from './check-job.ts'
import { runCheck } from './run-check.ts'

const MIB = 2 ** 20

function job(history: string, memoryBytes: number, seconds = 60): CheckJob {
  return {
    input: { source: 'a pipe', chunks: [new TextEncoder().encode(history)], sizeBytes: 0 },
    format: 'json',
    request: { model: 'linearizable-counter' },
    limits: { memoryBytes, deadlineMs: Date.now() + seconds * 1_000 },
    threads: 1,
  }
}

const never = new AbortController().signal

/** Adds whose answers were lost, and a sum of a few of them: which ones, takes a long time to find. */
function hard(adds: number): string {
  const events: object[] = []
  for (let i = 0; i < adds; i++)
    events.push({ process: i, type: 'invoke', f: 'add', value: 7 ** (1 + (i % 9)) + 3 * i })
  events.push({ process: adds, type: 'invoke', f: 'read', value: null })
  events.push({ process: adds, type: 'ok', f: 'read', value: 2 })
  return JSON.stringify(events)
}

test('a thread that outgrows its memory is an answer, and no crash', { timeout: 60_000 }, async () => {
  const many = Array.from(
    { length: 200_000 },
    (_, i) => `{"process":${i},"type":"invoke","f":"add","value":1}`,
  )
  // Less than nothing is left of what a thread is given to begin with.
  const { result, history } = await runCheck(job(many.join('\n'), -230 * MIB), never)
  expect(result).toMatchObject({
    verdict: 'unknown',
    summary: expect.stringContaining('The memory was spent'),
  })
  expect(history).toBeUndefined()
})

test('what fits no check is refused with its file and line', async () => {
  const text = [
    '{"process":0,"type":"invoke","f":"txn","value":[["append","x",1]]}',
    '{"process":0,"type":"ok","f":"txn","value":[["append","x",1]]}',
    '',
    '{"process":1,"type":"invoke","f":"txn","value":[["append","x",1]]}',
  ].join('\n')
  for (const [model, found] of [
    ['list-append', 'a second append of 1'],
    ['rw-register', 'an append'],
    ['isolation', 'an append'],
    ['register', 'the function txn'],
    ['long-fork', '\\['],
  ] as const) {
    const refused = runCheck({ ...job(text, 256 * MIB), request: { model } }, never)
    const source = 'a pipe'
    await expect(refused).rejects.toThrow(new RegExp(`^${source}, line \\d, event \\d: found ${found}`))
  }
})

test('time that is over is an answer', { timeout: 60_000 }, async () => {
  const { result } = await runCheck(job(hard(60), 256 * MIB, 1), never)
  expect(result).toMatchObject({ verdict: 'unknown', summary: expect.stringContaining('the time is over') })
})

test('a check that does not look at the time is ended after it', { timeout: 60_000 }, async () => {
  const text = Array.from({ length: 200_000 }, (_, i) => `{"process":${i},"type":"invoke","f":"generate"}`)
  const late = { ...job(text.join('\n'), 256 * MIB, 0), request: { model: 'unique-ids' } }
  expect((await runCheck(late, never, { graceMs: 0 })).result).toMatchObject({
    verdict: 'unknown',
    summary: expect.stringContaining('The time was spent'),
  })
})

test('an interrupted check ends at once', { timeout: 60_000 }, async () => {
  const stop = new AbortController()
  const running = runCheck(job(hard(60), 256 * MIB), stop.signal)
  setTimeout(() => stop.abort(), 50)
  await expect(running).rejects.toMatchObject({ code: 'aborted' })
})
