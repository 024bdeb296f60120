import { beforeEach, expect, test } from 'vitest'
import { text, utf8 } from '../../../foundation/bytes.ts'
import type { DureError } from '../../../foundation/errors.ts'
import { groupId, logIndex, nodeId, sessionId } from '../../../foundation/ids.ts'
import { SimulatedCluster, type SimulatedNode } from '../../../proof/simulation/simulated-cluster.ts'
import type { Runtime } from '../../../runtime/runtime.ts'
import { Simulation } from '../../../runtime/simulated/simulation.ts'
import { decodeChunk } from '../../../storage/snapshot/chunk-codec.ts'
import { DurableTables } from '../../../storage/table/memory/durable-tables.ts'
import { MemoryTableStore } from '../../../storage/table/memory/memory-table-store.ts'
import { encodeCommand } from '../../../wire/command/codec.ts'
import type { CommitCommand } from '../../../wire/command/command.ts'
import { Client } from '../../client/client.ts'
import { ClientStore } from '../../client/client-store.ts'
import { remoteGuarantees } from '../../remote/connect-remote.ts'
import { RemoteTransport } from '../../remote/remote-transport.ts'
import { space } from '../state-machine/row.ts'
import { StateMachine } from '../state-machine/state-machine.ts'
import type { BackupSource } from './backups.ts'
import { restoredPosition, seedTables } from './seed-directory.ts'

let world: Simulation
let cluster: SimulatedCluster
let store: ClientStore
let runtime: Runtime
beforeEach(async () => {
  world = new Simulation({ seed: 3 })
  const tableFaults = { delayMs: () => 3, flushError: () => undefined, chunkBytes: 100 }
  cluster = new SimulatedCluster(world, { nodeCount: 3, raft: {}, storage: {}, tableFaults }, [])
  cluster.start()
  runtime = await new Promise<Runtime>((resolve) => {
    world.spawn('client').startNow(resolve)
  })
  store = new ClientStore(
    runtime,
    new Client(runtime, new RemoteTransport(runtime, cluster.addresses)),
    remoteGuarantees,
  )
})

async function within<Value>(call: Promise<Value>): Promise<Value> {
  let isOver = false
  const ended = (): void => void (isOver = true)
  call.then(ended, ended)
  await world.runAwaiting(() => isOver, { withinMs: 60_000 })
  expect(isOver).toBe(true)
  return call
}

const put = (key: string, value: string) => within(store.put(utf8(key), utf8(value)))
const role = ({ node }: SimulatedNode) => node?.status.state
const leader = () => cluster.nodes.find((node) => role(node) === 'leader')!
const follower = () => cluster.nodes.find((node) => role(node) === 'follower')!

/** Nodes use no promises, so what they call back with is looked at after each of their events. */
async function called<Value>(
  call: (done: (error: DureError | undefined, value: Value | undefined) => void) => void,
): Promise<Value | undefined> {
  let answer: { readonly error: DureError | undefined; readonly value: Value | undefined } | undefined
  call((error, value) => (answer = { error, value }))
  await world.runAwaiting(() => answer !== undefined, { withinMs: 60_000 })
  if (answer?.error !== undefined) throw answer.error
  expect(answer).toBeDefined()
  return answer!.value
}

const open = async (simulated: SimulatedNode, timeoutMs = 5_000): Promise<BackupSource> =>
  (await called<BackupSource>((done) => simulated.node!.openBackup(timeoutMs, done)))!

const next = (source: BackupSource): Promise<Uint8Array | undefined> =>
  called<Uint8Array>((done) => source.next(done))

/** The users' keys in it. */
async function keysIn(source: BackupSource): Promise<string[]> {
  const keys: string[] = []
  for (let chunk = await next(source); chunk !== undefined; chunk = await next(source)) {
    for (const { key } of decodeChunk(chunk)) if (key[0] === space.user) keys.push(text(key.subarray(1)))
  }
  source.close()
  return keys
}

test('of a follower it has all that was acknowledged before, in several chunks, and nothing of later', async () => {
  const names = Array.from({ length: 30 }, (_, i) => `k${String(i).padStart(2, '0')}`)
  for (const name of names) await put(name, 'some value of some length')
  const source = await open(follower())
  expect(source.header.clusterId).toBe('simulated')
  await put('later', '1')
  expect(await keysIn(source)).toEqual(names)
})

test('a follower that lags waits until it has applied what the leader had', async () => {
  await put('a', '1')
  const slow = follower()
  world.network.clog(leader().process, slow.process, 300)
  await put('b', '2')
  expect(await keysIn(await open(slow))).toEqual(['a', 'b'])
})

test('when the leader dies the read point is asked of its successor', async () => {
  await put('a', '1')
  const asked = follower()
  leader().process.crash()
  expect(await keysIn(await open(asked))).toEqual(['a'])
})

test('a node that is cut off gives none, and says so in time', async () => {
  await put('a', '1')
  const alone = leader()
  world.network.isolate(alone.process)
  const beganMs = world.nowMs
  await expect(open(alone, 2_000)).rejects.toMatchObject({ outcome: 'failed', retryable: true })
  expect(world.nowMs - beganMs).toBeLessThan(2_500)
})

test('two at a time; one that is closed makes room', async () => {
  await put('a', '1')
  const node = leader()
  const first = await open(node)
  await open(node)
  const error = await open(node).catch((error: unknown) => error as DureError)
  expect(error).toMatchObject({ code: 'overloaded', retryable: true })
  first.close()
  await expect(next(first)).rejects.toMatchObject({ code: 'closed' })
  await open(node)
})

test('a node that closes ends those that are being read', async () => {
  await put('a', '1')
  const { node } = follower()
  const source = await open(follower())
  await called<void>((done) => node!.close(() => done(undefined, undefined)))
  await expect(next(source)).rejects.toMatchObject({ code: 'closed' })
})

test('a restored table has values, leases, idempotency keys and log time, and none of the old clients and changes', async () => {
  await put('stays', '1')
  await within(store.put(utf8('goes'), utf8('1'), { ttlMs: 5_000 }))
  const lease = await within(store.lease({ ttlMs: 10_000 }))
  await within(store.put(utf8('leased'), utf8('1'), { lease }))
  const order = { idempotencyKey: 'order-1' }
  const ordered = await within(store.put(utf8('ordered'), utf8('1'), order))
  const source = await open(follower())
  const chunks: Uint8Array[] = []
  for (let chunk = await next(source); chunk !== undefined; chunk = await next(source)) chunks.push(chunk)
  const position = restoredPosition(source.header, [nodeId(1)])
  const durable = new DurableTables()
  async function* rows() {
    for (const chunk of chunks) yield decodeChunk(chunk)
  }
  const seeded = seedTables(
    (done) => done(undefined, new MemoryTableStore({ runtime, durable })),
    position,
    rows(),
  )
  await within(seeded)
  const table = new MemoryTableStore({ runtime, durable }).open(groupId(0), position.membership)
  const machine = new StateMachine(table)
  expect(table.durablePosition).toEqual(position)
  expect(['stays', 'goes', 'leased'].map((key) => machine.get(utf8(key)).exists)).toEqual([true, true, true])
  expect(machine.logTimeMs).toBe(source.header.logTimeMs)
  expect(machine.logTimeMs).toBeGreaterThan(0)
  expect([machine.sessionCount, machine.idempotencyRecordCount]).toEqual([0, 1])
  expect(machine.feed.compactedIndex).toBe(position.index)
  // The request of an idempotency key has happened, here too: it is answered, and does not happen again.
  const retry: CommitCommand = {
    kind: 'commit',
    logTimeMs: machine.logTimeMs,
    session: sessionId(0),
    sequence: 0,
    lowWater: 0,
    comparisons: [],
    operations: [{ kind: 'put', key: utf8('ordered'), value: utf8('1') }],
    ...order,
  }
  expect(machine.apply(encodeCommand(retry), { ...position, index: logIndex(position.index + 1) })).toEqual({
    kind: 'committed',
    version: ordered.version,
    existed: [false],
  })
  expect(machine.get(utf8('ordered')).version).toBe(ordered.version)
  // Both go by themselves once their time has come, in the new cluster's log as in the old.
  const later = { kind: 'advance-time', logTimeMs: machine.logTimeMs + 60_000 } as const
  machine.apply(encodeCommand(later), { ...position, index: logIndex(position.index + 2) })
  expect(['stays', 'goes', 'leased'].map((key) => machine.get(utf8(key)).exists)).toEqual([
    true,
    false,
    false,
  ])
})
