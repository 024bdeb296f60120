import { beforeEach, expect, test } from 'vitest'
import { utf8 } from '../../foundation/bytes.ts'
import { leaseId, sessionId } from '../../foundation/ids.ts'
import type { Guarantees } from '../../ports/key-value/guarantees.ts'
import type { FencingToken, Lease } from '../../ports/key-value/lease.ts'
import { versionFromNumber } from '../../ports/key-value/version.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import type { SimulatedProcess } from '../../runtime/simulated/simulated-process.ts'
import { Simulation } from '../../runtime/simulated/simulation.ts'
import type { CommandResult } from '../../wire/command/command.ts'
import type { Response } from '../../wire/parcel/parcel.ts'
import { Client } from './client.ts'
import { ClientStore } from './client-store.ts'
import { errorResponse } from './error-response.ts'
import { ScriptedTransport } from './testing/scripted-transport.ts'

const TTL_MS = 9_000
const key = utf8('k')
const value = utf8('v')
const result = (result: CommandResult): Response => ({ status: 'command', result })
const opened = result({ kind: 'session-opened', session: sessionId(1) })
const committed = result({ kind: 'committed', version: versionFromNumber(7), existed: [false] })
const ended = result({ kind: 'lease-ended', existed: true })
const granted = result({ kind: 'lease-granted', lease: leaseId(5), token: 5 as FencingToken })
const refused = errorResponse('invalid', 'refused')

let world: Simulation
let process: SimulatedProcess
let transport: ScriptedTransport
let store: ClientStore

beforeEach(() => {
  world = new Simulation({ seed: 1 })
  transport = new ScriptedTransport()
  process = world.spawn('client')
  process.start((runtime: Runtime) => {
    store = new ClientStore(runtime, new Client(runtime, transport), {} as Guarantees)
  })
  world.run({ untilMs: 0 })
})

const passMs = (ms: number): void => world.run({ untilMs: world.nowMs + ms })

async function take(options: { signal?: AbortSignal } = {}): Promise<Lease> {
  const taking = store.lease({ ttlMs: TTL_MS, ...options })
  transport.answer(opened)
  transport.answer(granted)
  return taking
}

test('a put names its lease by the id that the cluster gave', async () => {
  const lease = await take()
  expect(lease).toMatchObject({ id: '5', token: 5, ttlMs: TTL_MS })
  const putting = store.put(key, value, { lease })
  expect(transport.commands).toMatchObject([{ kind: 'commit', operations: [{ kind: 'put', lease: 5 }] }])
  transport.answer(committed)
  expect(await putting).toEqual({ version: 7 })
})

test('a put whose lease is gone in the cluster has certainly not happened', async () => {
  const lease = await take()
  const putting = store.put(key, value, { lease })
  transport.answer(result({ kind: 'lease-gone', lease: leaseId(5) }))
  await expect(putting).rejects.toMatchObject({ code: 'lease-lost', outcome: 'failed' })
})

test('a put whose lease is full says so, and how to go on; the same put again would not help', async () => {
  const lease = await take()
  const putting = store.put(key, value, { lease })
  transport.answer(result({ kind: 'lease-full', lease: leaseId(5) }))
  await expect(putting).rejects.toMatchObject({
    code: 'invalid',
    outcome: 'failed',
    retryable: false,
    message:
      'the lease 5 has 4096 keys, and the put would give it more: a lease holds at most 4096; delete keys of it, or take another lease',
  })
  expect(lease.signal.aborted).toBe(false)
})

test('a lease beyond as many as the cluster may hold is refused by that name, and may be had later', async () => {
  const taking = store.lease({ ttlMs: TTL_MS })
  transport.answer(opened)
  transport.answer(result({ kind: 'too-many-leases' }))
  await expect(taking).rejects.toMatchObject({
    code: 'overloaded',
    outcome: 'failed',
    retryable: true,
    message: expect.stringContaining('as many leases as it may: release those that nobody needs'),
  })
})

test('a process that was paused beyond its lease sends nothing with it any more', async () => {
  const lease = await take()
  process.pause()
  passMs(TTL_MS + 1_000)
  // Before any timer of the process had its turn.
  expect(lease.signal.aborted).toBe(true)
  await expect(store.put(key, value, { lease })).rejects.toMatchObject({
    code: 'lease-lost',
    outcome: 'failed',
  })
  expect(transport.commands).toEqual([])
})

test('the signal fires before a release is sent, and the release ends with its answer', async () => {
  const lease = await take()
  const releasing = lease.release()
  expect(lease.signal.aborted).toBe(true)
  expect(lease.release()).toBe(releasing)
  expect(transport.commands).toMatchObject([{ kind: 'end-lease', lease: 5 }])
  transport.answer(ended)
  await releasing
  passMs(TTL_MS)
  expect(transport.commands).toEqual([])
})

test('a release that failed may be tried again', async () => {
  const lease = await take()
  const first = lease.release()
  transport.answer(refused)
  await expect(first).rejects.toMatchObject({ code: 'invalid' })
  const second = lease.release()
  transport.answer(ended)
  await second
})

test('a lease that is granted to a caller who went away meanwhile is ended at once', async () => {
  const controller = new AbortController()
  const taking = store.lease({ ttlMs: TTL_MS, signal: controller.signal })
  transport.answer(opened)
  controller.abort()
  await expect(taking).rejects.toMatchObject({ code: 'aborted', outcome: 'unknown' })
  transport.answer(granted)
  expect(transport.commands).toMatchObject([{ kind: 'end-lease', lease: 5 }])
})

test('the signal of a lease ends it, once', async () => {
  const controller = new AbortController()
  const lease = await take({ signal: controller.signal })
  controller.abort()
  expect(lease.signal.aborted).toBe(true)
  expect(transport.commands).toMatchObject([{ kind: 'end-lease' }])
  transport.answer(ended)
  await lease.release()
  expect(transport.commands).toEqual([])
})

test('closing the store ends its leases, and waits for the answer no longer than it was given', async () => {
  const lease = await take()
  const closing = store.close({ timeoutMs: 500 })
  expect(lease.signal.aborted).toBe(true)
  expect(transport.commands).toMatchObject([{ kind: 'end-lease', lease: 5 }])
  passMs(600)
  await closing
  await lease.release()
})

test('a lease of another store is refused', async () => {
  const stranger = { id: '5' } as Lease
  await expect(store.put(key, value, { lease: stranger })).rejects.toMatchObject({ code: 'invalid' })
})

test('a lease that a client over HTTP holds is named by its id', async () => {
  const granting = store.unkeptLeases.grant(TTL_MS)
  transport.answer(opened)
  transport.answer(granted)
  expect(await granting).toEqual({ id: '5', token: 5 })
  passMs(TTL_MS)
  expect(transport.commands).toEqual([])
  const putting = store.put(key, value, { lease: store.unkeptLeases.named('5') })
  expect(transport.commands).toMatchObject([{ kind: 'commit', operations: [{ lease: 5 }] }])
  transport.answer(committed)
  await putting
  const keeping = store.unkeptLeases.keepAlive('5')
  transport.answer(result({ kind: 'leases-kept', kept: [false] }))
  expect(await keeping).toBe(false)
  const releasing = store.unkeptLeases.release('5')
  transport.answer(result({ kind: 'lease-ended', existed: false }))
  expect(await releasing).toBe(false)
})

test.for(['', '0', '-1', '1.5', 'five', '99999999999999999'])('the id %j is no lease', (id) => {
  expect(() => store.unkeptLeases.named(id)).toThrow('give the id that its grant answered with')
})
