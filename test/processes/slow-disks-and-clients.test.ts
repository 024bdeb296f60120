import { connect } from 'node:net'
import { text as readText } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { CLUSTER_ID, ProcessCluster } from '../../src/fixture/process-cluster.ts'
import { hello, sendRaw } from './raw-connection.ts'
import { RecordedLoad } from './recorded-load.ts'

const STALL_MS = 500
const STALLED_MS = 5_000
const SLOW_CLIENTS = 60

test.concurrent('a disk that takes half a second for each sync, of the leader or of a follower, causes no election', async () => {
  await using cluster = await ProcessCluster.start()
  await using store = await cluster.connect()
  const load = new RecordedLoad(store)
  await load.progress(100)
  const leader = await cluster.leader()
  const { term } = await cluster.status(leader)
  const follower = cluster.nodes.find((node) => node !== leader)!
  for (const node of [leader, follower]) {
    await cluster.setFaults(node, { disk_stall_ms: STALL_MS })
    expect(await (await cluster.fetch(node, '/v1/faults')).json()).toMatchObject({ disk_stall_ms: STALL_MS })
    // The length of the stall is what is tried here, so time itself is waited for.
    await new Promise((resolve) => setTimeout(resolve, STALLED_MS))
    await load.progress(50)
    await cluster.setFaults(node, { disk_stall_ms: 0 })
    const status = await cluster.status(leader)
    expect([status.state, status.term]).toEqual(['leader', term])
  }
  await load.stop()
  expect(load.errors).toEqual([])
  expect(await load.verdict()).toBeUndefined()
})

test.concurrent('stalls hold writes up for as long as they last and no longer', async () => {
  await using cluster = await ProcessCluster.start({ nodeCount: 1 })
  await using store = await cluster.connect()
  const key = new Uint8Array([1])
  await store.put(key, key)
  await cluster.setFaults(1, { disk_stall_ms: STALL_MS })
  const beganMs = performance.now()
  await store.put(key, key)
  expect(performance.now() - beganMs).toBeGreaterThanOrEqual(STALL_MS)
  // Longer than a call waits: it would end in an error.
  await cluster.setFaults(1, { disk_stall_ms: 30_000 })
  await cluster.fetch(1, '/v1/faults', { method: 'DELETE' })
  await store.put(key, key)
})

test.concurrent('clients that send slowly hold nobody up, and are told to go', async () => {
  await using cluster = await ProcessCluster.start({ nodeCount: 1 })
  const slow = Array.from({ length: SLOW_CLIENTS }, () => {
    const socket = connect(Number(cluster.httpAddresses[0]!.split(':')[1]), '127.0.0.1')
    socket.on('error', () => {})
    socket.write('GET /status HTTP/1.1\r\nhost: x\r\nx-slow: ')
    return { socket, answer: readText(socket) }
  })
  const trickle = setInterval(() => {
    for (const { socket } of slow) if (socket.writable) socket.write('a')
  }, 200)
  try {
    for (let i = 0; i < 20; i++) expect((await cluster.fetch(1, '/healthz')).status).toBe(200)
    // Until the node does, at most twenty seconds: ten for the headers, five until it looks.
    const answers = await Promise.all(slow.map(({ answer }) => answer))
    for (const answer of answers) expect(answer).toMatch(/^HTTP\/1\.1 408 .*the request took too long/s)
    expect((await cluster.fetch(1, '/healthz')).status).toBe(200)
  } finally {
    clearInterval(trickle)
  }
})

test.concurrent('connections that do not say who they are, or not to the end, are hung up on', async () => {
  await using cluster = await ProcessCluster.start({ nodeCount: 1 })
  const whole = hello(CLUSTER_ID)
  const silent = Array.from({ length: SLOW_CLIENTS }, (_, i) =>
    sendRaw(cluster.addresses[0]!, whole.subarray(0, i % whole.length)),
  )
  await using store = await cluster.connect()
  for (let i = 0; i < 20; i++) await store.put(new Uint8Array([1]), new Uint8Array([i]))
  for (const { greeting } of await Promise.all(silent)) expect(greeting).toBeUndefined()
})
