import { beforeEach, expect, test } from 'vitest'
import { utf8 } from '../../foundation/bytes.ts'
import type { DureError, Outcome } from '../../foundation/errors.ts'
import { sessionId } from '../../foundation/ids.ts'
import type { CommitResult } from '../../ports/key-value/key-value-store.ts'
import { versionFromNumber } from '../../ports/key-value/version.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { Simulation } from '../../runtime/simulated/simulation.ts'
import type { CommandResult } from '../../wire/command/command.ts'
import type { Response } from '../../wire/parcel/parcel.ts'
import { Client } from './client.ts'
import { errorResponse } from './error-response.ts'
import { ScriptedTransport } from './testing/scripted-transport.ts'

const result = (result: CommandResult): Response => ({ status: 'command', result })
const committed = result({ kind: 'committed', version: versionFromNumber(7), existed: [false] })
const opened = (id: number): Response => result({ kind: 'session-opened', session: sessionId(id) })
const lost = (outcome: Outcome): Response =>
  errorResponse('unavailable', 'lost', { outcome, retryable: true })
const put = (key: string) => ({ operations: [{ kind: 'put' as const, key: utf8(key), value: utf8('v') }] })

let world: Simulation
let transport: ScriptedTransport
let client: Client
let ended: { error: DureError | undefined; value: CommitResult | undefined }[]

beforeEach(() => {
  world = new Simulation({ seed: 1 })
  transport = new ScriptedTransport()
  ended = []
  world.spawn('client', { promises: false }).start((runtime: Runtime) => {
    client = new Client(runtime, transport)
  })
  world.run({ untilMs: 0 })
})

const commit = (key: string, timeoutMs = 5_000): void =>
  client.commit(put(key), timeoutMs, (error, value) => ended.push({ error, value }))
const passMs = (ms: number): void => world.run({ untilMs: world.nowMs + ms })

test('the first write opens a session and all that wait share it, numbered in order', () => {
  commit('a')
  commit('b')
  expect(transport.commands).toMatchObject([{ kind: 'open-session' }])
  transport.answer(opened(5))
  expect(transport.commands).toMatchObject([
    { session: 5, sequence: 1, lowWater: 1 },
    { session: 5, sequence: 2, lowWater: 1 },
  ])
  transport.answer(committed)
  expect(ended).toMatchObject([{ value: { committed: true, version: 7 } }])
})

test('a retry carries the same session and sequence, and its result settles what was unknown', () => {
  commit('a')
  transport.answer(opened(5))
  transport.answer(lost('unknown'))
  passMs(1_000)
  expect(transport.commands).toMatchObject([{ session: 5, sequence: 1 }])
  transport.answer(committed)
  expect(ended).toMatchObject([{ error: undefined, value: { committed: true } }])
})

test('one attempt that may have happened makes the whole call unknown', () => {
  commit('a', 500)
  transport.answer(opened(5))
  transport.answer(lost('unknown'))
  passMs(100)
  transport.answer(lost('failed'))
  while (transport.waiting.length > 0 || ended.length === 0) {
    if (transport.waiting.length > 0) transport.answer(lost('failed'))
    passMs(100)
  }
  expect(ended).toMatchObject([{ error: { code: 'unavailable', outcome: 'unknown' } }])
})

test('only refusals make it failed', () => {
  commit('a', 300)
  transport.answer(opened(5))
  while (ended.length === 0) {
    if (transport.waiting.length > 0) transport.answer(lost('failed'))
    passMs(50)
  }
  expect(ended).toMatchObject([{ error: { outcome: 'failed' } }])
})

test('an expired session is replaced when the write was never attempted before', () => {
  commit('a')
  transport.answer(opened(5))
  transport.answer(result({ kind: 'session-expired' }))
  expect(transport.commands).toMatchObject([{ kind: 'open-session' }])
  transport.answer(opened(9))
  expect(transport.commands).toMatchObject([{ session: 9, sequence: 1 }])
  transport.answer(committed)
  expect(ended).toMatchObject([{ value: { committed: true } }])
})

test('an expired session after an attempt that may have happened is unknown, and never run again', () => {
  commit('a')
  transport.answer(opened(5))
  transport.answer(lost('unknown'))
  passMs(1_000)
  transport.answer(result({ kind: 'session-expired' }))
  expect(ended).toMatchObject([{ error: { code: 'session-expired', outcome: 'unknown' } }])
  passMs(10_000)
  expect(transport.waiting).toEqual([])
})

test('a write that waits for a session ends failed at its own deadline', () => {
  commit('a', 200)
  passMs(250)
  expect(ended).toMatchObject([{ error: { code: 'timeout', outcome: 'failed' } }])
})

test('the low-water mark follows what was answered', () => {
  commit('a')
  transport.answer(opened(5))
  transport.answer(committed)
  commit('b')
  expect(transport.commands).toMatchObject([{ sequence: 2, lowWater: 2 }])
})

test('an error that no retry can mend ends at once', () => {
  commit('a')
  transport.answer(opened(5))
  transport.answer(errorResponse('invalid', 'no'))
  expect(ended).toMatchObject([{ error: { code: 'invalid', outcome: 'failed', message: 'no' } }])
})

test('a closed client refuses', () => {
  client.close()
  client.get(utf8('a'), 'strong', 100, (error) => ended.push({ error, value: undefined }))
  expect(ended).toMatchObject([{ error: { code: 'closed', outcome: 'failed' } }])
})

test('a write that waits for a session goes on waiting for as long as it was given', () => {
  commit('a', 30_000)
  for (let ms = 0; ms < 12_000; ms += 100) {
    while (transport.waiting.length > 0) transport.answer(lost('failed'))
    passMs(100)
  }
  expect(ended).toEqual([])
  while (transport.waiting.length === 0) passMs(10)
  transport.answer(opened(5))
  transport.answer(committed)
  expect(ended).toMatchObject([{ value: { committed: true } }])
})

test('more writes than a session remembers wait in line, each until its own deadline, and none makes the stack grow', () => {
  const inFlight = 8_192
  const queued = 20_000
  for (let i = 0; i < inFlight; i++) commit(`${i}`, 60_000)
  transport.answer(opened(5))
  for (let i = 0; i < queued; i++) commit(`late ${i}`, 1_000)
  expect(transport.waiting).toHaveLength(inFlight)
  passMs(1_001)
  expect(ended).toHaveLength(queued)
  expect(ended.every(({ error }) => error?.code === 'timeout' && error.outcome === 'failed')).toBe(true)

  for (let i = 0; i < queued; i++) commit(`closed ${i}`, 60_000)
  client.close()
  transport.answer(lost('failed'))
  expect(ended).toHaveLength(2 * queued + 1)
})
