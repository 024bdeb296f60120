import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { ClientStore } from '../../src/engines/client/client-store.ts'
import { connectRemote } from '../../src/engines/remote/connect-remote.ts'
import { CLUSTER_ID, ProcessCluster } from '../../src/fixture/process-cluster.ts'
import { concatBytes, utf8 } from '../../src/foundation/bytes.ts'
import { DureError } from '../../src/foundation/errors.ts'
import { groupId, logIndex, nodeId, sessionId, term } from '../../src/foundation/ids.ts'
import { limits } from '../../src/ports/key-value/limits.ts'
import { SeededRandom } from '../../src/runtime/seeded-random.ts'
import { encodeCommand } from '../../src/wire/command/codec.ts'
import { PAYLOAD_BYTES_MAX } from '../../src/wire/frame/frame.ts'
import type { Parcel, Request } from '../../src/wire/parcel/parcel.ts'
import { readParcels } from '../../src/wire/parcel/parcel-reader.ts'
import { ParcelWriter } from '../../src/wire/parcel/parcel-writer.ts'
import { Eavesdropper, frame, hello, sendAndLeave, sendRaw } from './raw-connection.ts'

let cluster: ProcessCluster
let address: string
let other: ClientStore
let written = 0

beforeAll(async () => {
  cluster = await ProcessCluster.start({ nodeCount: 1 })
  address = cluster.addresses[0]!
  other = await cluster.connect()
  await other.put(utf8('kept'), utf8('0'))
})

/** The node is the same process, and serves a client whose connection has been open all the time. */
afterEach(async () => {
  expect(cluster.isRunning(1)).toBe(true)
  await other.put(utf8('kept'), utf8(String(++written)))
  const { value } = await other.get(utf8('kept'))
  expect(Buffer.from(value!).toString()).toBe(String(written))
})

afterAll(async () => {
  await other.close()
  await cluster[Symbol.asyncDispose]()
})

const problems = () =>
  cluster
    .logOf(1)
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { event: string; error?: { code: string; message: string } })
    .filter(({ event }) => event === 'network')
    .map(({ error }) => error!)

const message = (...parcels: readonly Parcel[]): Uint8Array => {
  const writer = new ParcelWriter()
  for (const parcel of parcels) writer.add(parcel)
  return writer.take()
}

const parcelsOf = (payload: Uint8Array): Parcel[] => {
  const parcels: Parcel[] = []
  readParcels(payload, (parcel) => parcels.push(parcel))
  return parcels
}

const request = (asked: Request): Parcel => ({
  type: 'request',
  id: 1,
  group: groupId(0),
  timeoutMs: 1_000,
  hops: 0,
  request: asked,
})
const getKey = (key: Uint8Array): Parcel => request({ kind: 'get', key, consistency: 'strong' })

describe('over TCP', () => {
  test.for([
    ['no greeting', utf8('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n'), 'is the other side a Dure'],
    ['a frame of an unknown greeting', frame(utf8('HELLO')), 'did not begin with a Dure greeting'],
    ['a greeting larger than any', frame(new Uint8Array(2_000)), 'at most 1024 are allowed'],
    ['a damaged frame', damaged(frame(utf8('x'))), 'does not match its checksum'],
    ['a frame over its limit', lengthOf(PAYLOAD_BYTES_MAX + 1), `at most ${PAYLOAD_BYTES_MAX} are allowed`],
  ] as const)('%s ends the connection, and the log says why', async ([name, bytes, reason]) => {
    const isGreeting = name.includes('greeting')
    await sendRaw(address, isGreeting ? bytes : concatBytes([hello(CLUSTER_ID), bytes]))
    await expect.poll(() => problems().at(-1)?.message).toContain(reason)
    expect(problems().at(-1)!.code).toBe('protocol')
  })

  test.for([
    ['an unknown kind of message', new Uint8Array([1, 200, 1, 2, 3])],
    ['an unknown format', new Uint8Array([99])],
    ['half a message', message(getKey(utf8('a'))).subarray(0, 6)],
    ['an empty message', new Uint8Array(0)],
  ] as const)('%s ends the connection', async ([, payload]) => {
    const { greeting, payloads } = await sendRaw(address, concatBytes([hello(CLUSTER_ID), frame(payload)]))
    expect(greeting).toMatchObject({ kind: 'hello', clusterId: CLUSTER_ID, nodeId: 1 })
    expect(payloads).toEqual([])
  })

  test('another cluster is refused, naming both', async () => {
    const { greeting } = await sendRaw(address, hello('zoo'))
    expect(greeting).toMatchObject({ kind: 'refusal', reason: 'wrong-cluster' })
    for (const part of [`belongs to cluster "${CLUSTER_ID}"`, 'asked for "zoo"', 'check the address'])
      expect(greeting).toMatchObject({ message: expect.stringContaining(part) })
    await using store = await connectRemote({ addresses: [address], clusterId: 'zoo' })
    const error = await store.get(utf8('kept'), { timeoutMs: 500 }).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(DureError)
    expect(error).toMatchObject({
      code: 'wrong-cluster',
      outcome: 'failed',
      message: expect.stringContaining(`belongs to cluster "${CLUSTER_ID}"`),
    })
  })

  test('a key over its limit is refused with a sentence, past the checks of our own client', async () => {
    const key = new Uint8Array(limits.keyBytesMax + 1).fill(97)
    const command = encodeCommand({
      kind: 'commit',
      logTimeMs: 0,
      session: sessionId(0),
      sequence: 0,
      lowWater: 0,
      idempotencyKey: 'forged',
      comparisons: [],
      operations: [{ kind: 'put', key, value: utf8('x') }],
    })
    const bytes = concatBytes([hello(CLUSTER_ID), frame(message(request({ kind: 'command', command })))])
    const { payloads } = await sendRaw(address, bytes, 'answered')
    expect(payloads.flatMap(parcelsOf)).toMatchObject([
      {
        response: {
          status: 'error',
          code: 'invalid',
          outcome: 'failed',
          message: expect.stringMatching(/1025 bytes.*1 to 1024/),
        },
      },
    ])
  })

  test('a client that speaks as if it were a member is not heard', async () => {
    const { term: before } = await cluster.status(1)
    const forged: Parcel = {
      type: 'raft',
      group: groupId(0),
      message: {
        type: 'append-request',
        from: nodeId(2),
        to: nodeId(1),
        term: term(1_000_000),
        previousLogIndex: logIndex(0),
        previousLogTerm: term(0),
        commitIndex: logIndex(5),
        entries: [],
      },
    }
    const bytes = concatBytes([hello(CLUSTER_ID), frame(message(forged, getKey(utf8('kept'))))])
    const { payloads } = await sendRaw(address, bytes, 'answered')
    expect(payloads.flatMap(parcelsOf)).toMatchObject([{ response: { status: 'value' } }])
    expect((await cluster.status(1)).term).toBe(before)
  })

  test('what a real client said, changed at random, harms nobody', async () => {
    await using proxy = await Eavesdropper.listen(address)
    {
      await using store = await connectRemote({ addresses: [proxy.address], pinned: true })
      const { version } = await store.put(utf8('heard/a'), utf8('1'))
      await store.put(utf8('heard/a'), utf8('2'), { ifVersion: version, idempotencyKey: 'once' })
      await store.commit({
        comparisons: [{ key: utf8('heard/a'), version }],
        operations: [
          { kind: 'put', key: utf8('heard/b'), value: new Uint8Array(300) },
          { kind: 'delete', key: utf8('heard/a') },
        ],
      })
      await store.delete(utf8('heard/c'))
      for await (const _ of store.range({ from: utf8('heard/') }, { pageSize: 1 }));
    }
    const [greeting, ...messages] = proxy.heard
    expect(messages.length).toBeGreaterThan(5)
    const seed = new SeededRandom(Date.now()).uint32()
    const random = new SeededRandom(seed)
    const streams = Array.from({ length: 300 }, (_, i) => {
      const mutated = messages.map((payload) => {
        const bytes = mutate(payload, random)
        // Most pass their checksum, so that what lies behind it is tried as well.
        return i % 4 === 0 ? mutate(frame(bytes), random) : frame(bytes)
      })
      return concatBytes([frame(i % 10 === 0 ? mutate(greeting!, random) : greeting!), ...mutated])
    })
    for (let i = 0; i < streams.length; i += 25) {
      await Promise.all(streams.slice(i, i + 25).map((bytes) => sendAndLeave(address, bytes)))
    }
    expect(cluster.isRunning(1), `the node died of seed ${seed}:\n${cluster.logOf(1)}`).toBe(true)
  })
})

describe('over HTTP', () => {
  test.for([
    ['PUT', 'keys have 1 to 1024 bytes', 400, `/v1/keys/${'k'.repeat(limits.keyBytesMax + 1)}`, 'x'],
    ['PUT', 'at most', 413, '/v1/keys/large', 'x'.repeat(limits.valueBytesMax + 1)],
    ['POST', 'the body is not JSON', 400, '/v1/faults', '{"disk_stall_ms":'],
    ['POST', 'disk_stall', 400, '/v1/faults', '{"disk_stall":5}'],
    ['GET', 'limit', 400, '/v1/range?limit=0', undefined],
    ['GET', '/v1/keys/{key}', 404, '/v1/nothing', undefined],
  ] as const)('%s is refused: %s', async ([method, reason, status, path, body]) => {
    const response = await cluster.fetch(1, path, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body !== undefined && { body }),
    })
    expect(response.status).toBe(status)
    expect(await response.json()).toMatchObject({
      outcome: 'failed',
      message: expect.stringContaining(reason),
    })
  })

  test('a value that never ends is not waited for by others', async () => {
    const socket = connect(Number(cluster.httpAddresses[0]!.split(':')[1]), '127.0.0.1')
    socket.on('error', () => {})
    socket.write('PUT /v1/keys/half HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\nhalf')
    expect((await cluster.fetch(1, '/v1/keys/whole', { method: 'PUT', body: 'x' })).status).toBe(200)
    socket.destroy()
    await once(socket, 'close')
    expect((await cluster.fetch(1, '/v1/keys/half')).status).toBe(404)
  })
})

test('what got into the log by all of this is applied again by the next start', async () => {
  const { applied_index } = await cluster.status(1)
  await cluster.kill(1)
  await cluster.start(1)
  await expect.poll(async () => (await cluster.status(1)).applied_index).toBeGreaterThanOrEqual(applied_index)
})

function mutate(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  const changed = bytes.slice()
  if (changed.length === 0) return changed
  for (let i = random.integer(1, 3); i > 0; i--) {
    changed[random.integer(0, changed.length - 1)] = random.pick([
      0,
      1,
      127,
      128,
      255,
      random.integer(0, 255),
    ])
  }
  return random.next() < 0.2 ? changed.subarray(0, random.integer(0, changed.length)) : changed
}

function damaged(bytes: Uint8Array): Uint8Array {
  bytes[bytes.length - 1]! ^= 1
  return bytes
}

/** A frame's header that announces so many bytes. */
function lengthOf(bytes: number): Uint8Array {
  const header = new Uint8Array(9)
  new DataView(header.buffer).setUint32(0, bytes, true)
  return header
}
