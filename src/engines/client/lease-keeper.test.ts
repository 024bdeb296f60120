import { beforeEach, expect, test } from 'vitest'
import type { DureError } from '../../foundation/errors.ts'
import { leaseId, sessionId } from '../../foundation/ids.ts'
import type { FencingToken } from '../../ports/key-value/lease.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { Simulation } from '../../runtime/simulated/simulation.ts'
import type { CommandResult } from '../../wire/command/command.ts'
import type { Response } from '../../wire/parcel/parcel.ts'
import { Client } from './client.ts'
import { errorResponse } from './error-response.ts'
import type { GrantedLease } from './kept-lease.ts'
import { ScriptedTransport } from './testing/scripted-transport.ts'

const TTL_MS = 9_000

const result = (result: CommandResult): Response => ({ status: 'command', result })
const kept = (...leases: boolean[]): Response => result({ kind: 'leases-kept', kept: leases })
const granted = (id: number): Response =>
  result({ kind: 'lease-granted', lease: leaseId(id), token: id as FencingToken })
const unanswered = errorResponse('timeout', 'no answer', { outcome: 'unknown', retryable: true })

let world: Simulation
let transport: ScriptedTransport
let client: Client
let runtime: Runtime
let lost: { id: number; error: DureError }[]

beforeEach(() => {
  world = new Simulation({ seed: 1 })
  transport = new ScriptedTransport()
  lost = []
  world.spawn('client', { promises: false }).start((started: Runtime) => {
    runtime = started
    client = new Client(runtime, transport)
  })
  world.run({ untilMs: 0 })
})

const passMs = (ms: number): void => world.run({ untilMs: world.nowMs + ms })
const keep = (id: number, ttlMs = TTL_MS) => {
  const aliveUntilMs = runtime.clock.monotonicMs() + ttlMs
  const lease = { id: leaseId(id), token: id as FencingToken, ttlMs, aliveUntilMs }
  return client.keeper.keep(lease, (error) => lost.push({ id, error }))
}
/** Answers what waits, now and later, until so much time has passed. */
const answering = (response: Response, ms: number): number => {
  let answered = 0
  for (const endMs = world.nowMs + ms; world.nowMs < endMs; passMs(10)) {
    for (; transport.waiting.length > 0; answered++) transport.answer(response)
  }
  return answered
}

test('a lease is kept alive three times in its time to live, as long as it is answered', () => {
  keep(7)
  passMs(2_990)
  expect(transport.commands).toEqual([])
  passMs(20)
  expect(transport.commands).toMatchObject([{ kind: 'keep-leases', leases: [7] }])
  expect(answering(kept(true), 90_000)).toBeGreaterThanOrEqual(29)
  expect(lost).toEqual([])
})

test('leases of about the same age share a command, others do not', () => {
  keep(1)
  passMs(500)
  keep(2)
  keep(3, TTL_MS * 2)
  passMs(1_000)
  keep(4)
  passMs(1_600)
  expect(transport.commands).toMatchObject([{ leases: [1, 2] }])
  transport.answer(kept(true, true))
  passMs(1_500)
  expect(transport.commands).toMatchObject([{ leases: [4] }])
})

test('a thousand leases and one take two commands', () => {
  for (let id = 1; id <= 1_001; id++) keep(id)
  passMs(3_100)
  expect(
    transport.commands.map((command) => command.kind === 'keep-leases' && command.leases.length),
  ).toEqual([1_000, 1])
})

test('a lease that the cluster no longer has is lost at once, and no other', () => {
  keep(1)
  keep(2)
  passMs(3_100)
  transport.answer(kept(true, false))
  expect(lost).toMatchObject([{ id: 2, error: { code: 'lease-lost', outcome: 'failed' } }])
  passMs(3_100)
  expect(transport.commands).toMatchObject([{ leases: [1] }])
})

test('in silence it is tried again and again, and lost before the cluster may expire it', () => {
  const beganMs = runtime.clock.monotonicMs()
  keep(1)
  passMs(3_100)
  transport.answer(kept(true))
  const attempts = answering(unanswered, 5_800)
  expect(lost).toEqual([])
  expect(attempts).toBeGreaterThanOrEqual(2)
  answering(unanswered, 3_200)
  expect(lost).toMatchObject([{ id: 1, error: { code: 'lease-lost' } }])
  expect(runtime.clock.monotonicMs() - beganMs).toBeLessThan(3_100 + TTL_MS + 100)
  expect(answering(unanswered, 30_000)).toBeLessThanOrEqual(1)
})

test('one whose time is over a little sooner than that of those it is kept alive with is lost sooner', () => {
  keep(1)
  const aliveUntilMs = runtime.clock.monotonicMs() + TTL_MS - 700
  const older = { id: leaseId(2), token: 2 as FencingToken, ttlMs: TTL_MS, aliveUntilMs }
  client.keeper.keep(older, (error) => lost.push({ id: 2, error }))
  answering(unanswered, TTL_MS - 650)
  expect(lost).toMatchObject([{ id: 2, error: { code: 'lease-lost' } }])
  answering(unanswered, 700)
  expect(lost).toMatchObject([{ id: 2 }, { id: 1 }])
})

test('time counts from before a keep-alive was sent, not from its answer', () => {
  const lease = keep(1)
  passMs(3_000)
  const sentMs = runtime.clock.monotonicMs()
  passMs(600)
  transport.answer(kept(true))
  expect(lease.aliveUntilMs).toBeLessThanOrEqual(sentMs + TTL_MS)
})

test('an answer that comes after the lease was given up changes nothing', () => {
  const lease = keep(1)
  passMs(3_100)
  client.keeper.drop(lease)
  transport.answer(kept(false))
  passMs(30_000)
  expect(lost).toEqual([])
  expect(transport.waiting).toEqual([])
})

test('a client that is closed loses its leases at once, and leaves no timer behind', () => {
  keep(1)
  keep(2, TTL_MS * 2)
  client.close()
  expect(lost).toMatchObject([
    { id: 1, error: { code: 'lease-lost' } },
    { id: 2, error: { code: 'lease-lost' } },
  ])
  passMs(60_000)
  expect(transport.waiting).toEqual([])
  expect(lost).toHaveLength(2)
})

test('a grant whose answer took long is kept alive before it is handed over, or taken anew when it is gone', () => {
  const grants: (GrantedLease | undefined)[] = []
  client.leases.grant(TTL_MS, 60_000, (_, lease) => grants.push(lease))
  transport.answer(result({ kind: 'session-opened', session: sessionId(1) }))
  expect(transport.commands).toMatchObject([{ kind: 'grant-lease', ttlMs: TTL_MS }])
  passMs(TTL_MS)
  transport.answer(granted(5))
  expect(transport.commands).toMatchObject([{ kind: 'keep-leases', leases: [5] }])
  transport.answer(kept(false))
  expect(transport.commands).toMatchObject([{ kind: 'grant-lease', sequence: 2 }])
  const sentMs = runtime.clock.monotonicMs()
  passMs(10)
  transport.answer(granted(6))
  expect(grants).toMatchObject([{ id: 6, token: 6 }])
  expect(grants[0]!.aliveUntilMs).toBeLessThanOrEqual(sentMs + TTL_MS)
})

test('a grant is retried under the same number', () => {
  client.leases.grant(TTL_MS, 60_000, () => {})
  transport.answer(result({ kind: 'session-opened', session: sessionId(1) }))
  transport.answer(unanswered)
  passMs(500)
  expect(transport.commands).toMatchObject([{ kind: 'grant-lease', session: 1, sequence: 1 }])
})
