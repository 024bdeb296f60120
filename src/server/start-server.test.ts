// Long because it asks one running server for everything that it serves, in the order of the routes.
import { request } from 'node:http'
import { connect } from 'node:net'
import { text as readText } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { NodeStatus } from '../engines/embedded/status.ts'
import { unreachable } from '../foundation/assert.ts'
import { DureError } from '../foundation/errors.ts'
import type { KeyValueStore } from '../ports/key-value/key-value-store.ts'
import { limits } from '../ports/key-value/limits.ts'
import { ReferenceModel } from '../ports/key-value/reference/reference-model.ts'
import { ReferenceStore } from '../ports/key-value/reference/reference-store.ts'
import { FaultGate } from '../runtime/node/fault-gate.ts'
import { controlFaults } from './faults/control-faults.ts'
import type { FaultControl } from './faults/fault-control.ts'
import type { ServedLeases, ServedMembers } from './http/environment.ts'
import { createLog } from './log/log.ts'
import { type RunningServer, startServer } from './start-server.ts'
import { replaceCalls } from './testing/replace-calls.ts'

const status: NodeStatus = {
  node_id: 1,
  cluster_id: 'test',
  state: 'leader',
  term: 3,
  cluster_size: 3,
  leader_id: 1,
  commit_index: 10,
  applied_index: 10,
  durable_index: 5,
  last_index: 11,
  log_bytes: 4096,
  groups: 1,
  sessions: 2,
  leases: 0,
  unreachable: [3],
  members: [1, 2, 3].map((node_id) => ({
    node_id,
    role: 'voter',
    peer_address: `127.0.0.1:${7000 + node_id}`,
    http_address: `127.0.0.1:${8079 + node_id}`,
    match_index: 10,
  })),
  version: '0.0.0',
}

let store: KeyValueStore
let current: NodeStatus
let server: RunningServer
let logLines: string[]
let faults: FaultControl

beforeEach(async () => {
  store = new ReferenceStore(new ReferenceModel())
  current = status
  logLines = []
  faults = controlFaults(new FaultGate(), { stallMs: 0 })
  server = await start({ allowFaults: true })
})

afterEach(() => server.close({ timeoutMs: 0 }))

const start = (options: { allowFaults: boolean; httpPort?: number }) =>
  startServer({
    node: {
      status: () => current,
      metrics: () => [{ name: 'dure_x', help: 'X.', kind: 'gauge', value: 7 }],
      openBackup: async () => unreachable(0 as never),
    },
    // The store of the moment: tests put another in its place.
    store: new Proxy({} as KeyValueStore, { get: (_target, name) => Reflect.get(store, name).bind(store) }),
    // Tested with their routes.
    leases: {} as ServedLeases,
    members: {} as ServedMembers,
    httpHost: '127.0.0.1',
    httpPort: 0,
    faults,
    log: createLog({ write: (line) => logLines.push(line) }),
    ...options,
  })

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: string
  /** Read as any shape: the assertions say which. */
  // biome-ignore lint/suspicious/noExplicitAny: what a test expects of it is the check.
  readonly json: any
}

/** Sends the path as it is written: no client tidies it first. */
function send(
  method: string,
  path: string,
  options: { headers?: Record<string, string>; body?: string | Buffer } = {},
) {
  return new Promise<Answer>((resolve, reject) => {
    const sent = request({
      port: server.port,
      host: '127.0.0.1',
      method,
      path,
      agent: false,
      headers: options.headers ?? {},
    })
    sent.on('error', reject)
    sent.on('response', async (response) => {
      const body = await readText(response)
      const headers = new Headers(Object.entries(response.headers as Record<string, string>))
      const isJson = headers.get('content-type')?.startsWith('application/json')
      resolve({
        status: response.statusCode!,
        headers,
        body,
        json: isJson && body !== '' ? JSON.parse(body) : undefined,
      })
    })
    sent.end(options.body)
  })
}

const get = (path: string, headers?: Record<string, string>) =>
  send('GET', path, { ...(headers && { headers }) })
const put = (path: string, body: string | Buffer, headers?: Record<string, string>) =>
  send('PUT', path, { body, ...(headers && { headers }) })

describe('what the node says of itself', () => {
  test('/status has the names that programs rely on', async () => {
    const { status: code, json } = await get('/status')
    expect(code).toBe(200)
    expect(json).toMatchObject({ node_id: 1, state: 'leader', term: 3, cluster_size: 3 })
  })

  test('/readyz needs a leader and an applied log; /healthz only the process', async () => {
    expect((await get('/readyz')).status).toBe(200)
    current = { ...status, leader_id: null }
    expect(await get('/readyz')).toMatchObject({
      status: 503,
      json: { ready: false, reason: expect.stringContaining('no leader') },
    })
    current = { ...status, commit_index: 100_000 }
    expect((await get('/readyz')).json.reason).toBe('99990 committed entries wait to be applied')
    expect((await get('/healthz')).status).toBe(200)
  })

  test('/metrics holds the node and the requests so far', async () => {
    await get('/v1/keys/absent')
    const { headers, body } = await get('/metrics')
    expect(headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/)
    expect(body).toContain('dure_x 7\n')
    expect(body).toContain('dure_http_requests_total{method="GET",route="/v1/keys/{key}",status="404"} 1\n')
  })

  test('/v1/cluster names the members and who is out of reach', async () => {
    const { json } = await get('/v1/cluster')
    expect(json.leader_id).toBe(1)
    expect(json.members.map(({ reachable }: { reachable: boolean }) => reachable)).toEqual([
      true,
      true,
      false,
    ])
  })
})

describe('keys', () => {
  test('bytes come back as they went, with their version as ETag', async () => {
    const value = Buffer.from([0, 255, 1, 254, 10, 13])
    const written = await put('/v1/keys/binary', value)
    expect(written).toMatchObject({ status: 200, json: { version: 1 } })
    const answer = await fetch(`http://127.0.0.1:${server.port}/v1/keys/binary`)
    expect(answer.headers.get('etag')).toBe('"1"')
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(value)
  })

  test('an empty value is a value', async () => {
    await put('/v1/keys/empty', '')
    expect(await get('/v1/keys/empty')).toMatchObject({ status: 200, body: '' })
  })

  test.for(['KR/Seoul/37.5,127', 'a/../b', '..%2Fx', '%EA%B9%80', 'a%2Fb', '/slash', 'a//b', '%25', 'q%3Fx'])(
    'the key in the path %s is meant as it stands',
    async (path) => {
      expect((await put(`/v1/keys/${path}`, path)).status).toBe(200)
      expect((await get(`/v1/keys/${path}`)).body).toBe(path)
      const { json } = await get('/v1/range')
      expect(json.rows).toEqual([{ key: decodeURIComponent(path), value: path, version: 1 }])
    },
  )

  test('keyspaces are apart', async () => {
    await put('/v1/keys/a?keyspace=one', '1')
    expect((await get('/v1/keys/a')).status).toBe(404)
    expect((await get('/v1/keys/a?keyspace=one')).body).toBe('1')
  })

  test('an absent key is 404, and says which', async () => {
    const { status: code, json } = await get('/v1/keys/nobody')
    expect(code).toBe(404)
    expect(json).toEqual({
      code: 'not-found',
      outcome: 'failed',
      message: 'there is no key "nobody" in keyspace default',
      retryable: false,
    })
  })

  test('If-Match and If-None-Match decide, or the answer is 412', async () => {
    expect((await put('/v1/keys/a', '1', { 'if-none-match': '*' })).status).toBe(200)
    expect(await put('/v1/keys/a', '2', { 'if-none-match': '*' })).toMatchObject({
      status: 412,
      json: { code: 'comparison-failed', outcome: 'failed' },
    })
    expect((await put('/v1/keys/a', '2', { 'if-match': '"1"' })).status).toBe(200)
    expect((await put('/v1/keys/a', '3', { 'if-match': '"1"' })).status).toBe(412)
    expect((await send('DELETE', '/v1/keys/a', { headers: { 'if-match': '"1"' } })).status).toBe(412)
    expect((await send('DELETE', '/v1/keys/a', { headers: { 'if-match': '"2"' } })).json).toEqual({
      existed: true,
    })
    expect((await send('DELETE', '/v1/keys/a')).json).toEqual({ existed: false })
  })

  test('a reader that has the version is told so', async () => {
    await put('/v1/keys/a', '1')
    expect(await get('/v1/keys/a', { 'if-none-match': '"1"' })).toMatchObject({ status: 304, body: '' })
    expect((await get('/v1/keys/a', { 'if-none-match': '"9"' })).status).toBe(200)
  })

  test('HEAD is GET without the bytes', async () => {
    await put('/v1/keys/a', '1')
    const { status: code, headers, body } = await send('HEAD', '/v1/keys/a')
    expect([code, headers.get('etag'), body]).toEqual([200, '"1"', ''])
  })

  test('Idempotency-Key and timeout reach the store', async () => {
    const seen: unknown[] = []
    const inner = store
    store = replaceCalls(inner, {
      put: (key, value, options) => {
        seen.push(options)
        return inner.put(key, value)
      },
    })
    await put('/v1/keys/a?timeout_ms=250', '1', { 'idempotency-key': 'order-7' })
    expect(seen).toEqual([{ idempotencyKey: 'order-7', timeoutMs: 250 }])
  })
})

describe('ranges', () => {
  beforeEach(async () => {
    for (const key of ['a', 'b', 'b/1', 'b/2', 'c']) await put(`/v1/keys/${encodeURIComponent(key)}`, key)
    await put('/v1/keys/other?keyspace=zoo', 'x')
  })

  const keys = async (query: string) => {
    const { json } = await get(`/v1/range?${query}`)
    return json.rows.map(({ key }: { key: string }) => key)
  }

  test('from, to and prefix choose', async () => {
    expect(await keys('')).toEqual(['a', 'b', 'b/1', 'b/2', 'c'])
    expect(await keys('from=b&to=c')).toEqual(['b', 'b/1', 'b/2'])
    expect(await keys('prefix=b/')).toEqual(['b/1', 'b/2'])
    expect(await keys('from=c&to=a')).toEqual([])
    expect(await keys('keyspace=zoo')).toEqual(['other'])
  })

  test('next goes on where the page ended, until it is null', async () => {
    const seen: string[] = []
    let cursor = ''
    for (let pages = 1; ; pages++) {
      const { json } = await get(`/v1/range?limit=2${cursor && `&cursor=${cursor}`}`)
      seen.push(...json.rows.map(({ key }: { key: string }) => key))
      if (json.next === null) {
        expect(pages).toBe(3)
        break
      }
      cursor = json.next
    }
    expect(seen).toEqual(['a', 'b', 'b/1', 'b/2', 'c'])
  })

  test('a cursor opens no other range and no other keyspace', async () => {
    const { json } = await get('/v1/range?limit=2')
    expect((await get(`/v1/range?keyspace=zoo&cursor=${json.next}`)).status).toBe(400)
    expect((await get(`/v1/range?prefix=c&cursor=${json.next}`)).status).toBe(400)
    expect((await get('/v1/range?cursor=%00')).status).toBe(400)
  })

  test('values that are not text are marked', async () => {
    await put('/v1/keys/d', Buffer.from([0xff, 0xfe]))
    expect((await get('/v1/range?from=d')).json.rows).toEqual([
      { key: 'd', value: '//4=', value_encoding: 'base64', version: 7 },
    ])
  })

  test('a page of large values ends early', async () => {
    const large = 'x'.repeat(limits.valueBytesMax)
    for (let i = 0; i < 6; i++) await put(`/v1/keys/large/${i}`, large)
    const { json } = await get('/v1/range?prefix=large/')
    expect(json.rows).toHaveLength(4)
    const rest = await get(`/v1/range?prefix=large/&cursor=${json.next}`)
    expect(rest.json.rows).toHaveLength(2)
    expect(rest.json.next).toBeNull()
  })
})

describe('faults', () => {
  const healthy = {
    blocked: [],
    deaf_to: [],
    mute_to: [],
    peers: { loss_probability: 0, duplicate_probability: 0, reorder_probability: 0, delay_ms: 0 },
    delay_ms: 0,
    disk_stall_ms: 0,
  }

  test('block, delay and clear', async () => {
    const headers = { 'content-type': 'application/json' }
    const set = await send('POST', '/v1/faults', {
      headers,
      body: '{"block":[2,3],"delay_ms":20,"disk_stall_ms":5}',
    })
    expect(set.json).toEqual({ ...healthy, blocked: [2, 3], delay_ms: 20, disk_stall_ms: 5 })
    expect((await get('/v1/faults')).json).toEqual(set.json)
    expect((await send('DELETE', '/v1/faults')).json).toEqual(healthy)
    expect(logLines.map((line) => JSON.parse(line).event)).toEqual(['faults-set', 'faults-cleared'])
  })

  test('cut one way, and disturb what goes to members', async () => {
    const set = (body: object) =>
      send('POST', '/v1/faults', {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    const { json } = await set({
      deaf_to: [3],
      mute_to: [2, 5],
      peers: { loss_probability: 0.5, delay_ms: 7 },
    })
    expect(json).toEqual({
      ...healthy,
      deaf_to: [3],
      mute_to: [2, 5],
      peers: { ...healthy.peers, loss_probability: 0.5, delay_ms: 7 },
    })
    // What is not named stays; what is named is replaced.
    expect((await set({ mute_to: [], peers: {} })).json).toEqual({ ...healthy, deaf_to: [3] })
  })

  test('are refused on a node that does not allow them', async () => {
    await server.close()
    server = await start({ allowFaults: false })
    for (const method of ['GET', 'POST', 'DELETE']) {
      const { status: code, json } = await send(method, '/v1/faults')
      expect(code).toBe(403)
      expect(json.message).toContain('--allow-faults')
    }
  })

  test.for([
    ['{"block":[1]}', 'itself'],
    ['{"deaf_to":[1]}', 'itself'],
    ['{"mute_to":[2,1]}', 'itself'],
    ['{"peers":{"loss_probability":2}}', 'loss_probability'],
    ['{"peers":{"loss":0.2}}', 'loss'],
    ['{"block":"2"}', 'block'],
    ['{"blok":[2]}', 'blok'],
    ['{"delay_ms":-1}', 'delay_ms'],
    ['{"disk_stall_ms":1e9}', 'disk_stall_ms'],
    ['{', 'not JSON'],
  ] as const)('%s is refused', async ([body, reason]) => {
    const headers = { 'content-type': 'application/json' }
    const { status: code, json } = await send('POST', '/v1/faults', { headers, body })
    expect(code).toBe(400)
    expect(json.message).toContain(reason)
  })

  test('a form of a web page cannot set them', async () => {
    const { status: code } = await send('POST', '/v1/faults', {
      headers: { 'content-type': 'text/plain' },
      body: '{"block":[2]}',
    })
    expect(code).toBe(400)
    expect(faults.blocked).toEqual([])
  })
})

describe('errors', () => {
  const failing = (error: unknown) => {
    store = replaceCalls(store, { put: () => Promise.reject(error), get: () => Promise.reject(error) })
  }

  test.for([
    [new DureError('overloaded', 'slow down', { retryable: true, retryAfterMs: 2_500 }), 503, '3'],
    [new DureError('not-leader', 'no leader is known', { retryable: true }), 503, '1'],
    [new DureError('unavailable', 'no majority', { retryable: true }), 503, '1'],
    [new DureError('timeout', 'not confirmed in time', { outcome: 'unknown' }), 504, null],
    [new DureError('aborted', 'cut off', { outcome: 'unknown' }), 504, null],
    [new DureError('disk', 'the disk is full'), 500, null],
  ] as const)('%s', async ([error, code, retryAfter]) => {
    failing(error)
    const answer = await put('/v1/keys/a', '1')
    expect(answer.status).toBe(code)
    expect(answer.headers.get('retry-after')).toBe(retryAfter)
    expect(answer.json).toEqual({
      code: error.code,
      outcome: error.outcome,
      message: error.message,
      retryable: error.retryable,
    })
  })

  test('a bug is 500, tells nothing of its inside, and is in the log', async () => {
    failing(new TypeError('secret detail'))
    const answer = await put('/v1/keys/a', '1')
    expect(answer.json).toMatchObject({ code: 'internal', outcome: 'unknown' })
    expect(answer.body).not.toContain('secret')
    expect(logLines.join('')).toContain('secret detail')
  })
})

describe('bad input', () => {
  test.for([
    ['GET', '/v1/keys/a?keyspace=Bad', 'the keyspace is called "Bad"'],
    ['GET', '/v1/keys/a?consistency=perhaps', 'consistency: use strong or eventual'],
    ['GET', '/v1/keys/a?consistencey=eventual', 'consistencey'],
    ['GET', '/v1/keys/a?timeout_ms=0', 'timeout_ms: use a whole number from 1 to 60000'],
    ['GET', '/v1/keys/%FF', 'percent-encoded UTF-8'],
    ['GET', '/v1/keys/', 'the key is empty'],
    ['GET', '/v1/range?limit=1e3', 'limit: use a whole number'],
    ['GET', '/v1/range?limit=1001', 'limit: use a whole number from 1 to 1000'],
    ['GET', '/v1/range?prefix=a&from=b', 'use one or the other'],
    ['GET', `/v1/keys/${'x'.repeat(limits.keyBytesMax + 1)}`, 'bytes'],
  ] as const)('%s %s', async ([method, path, reason]) => {
    const { status: code, json } = await send(method, path)
    expect(code).toBe(400)
    expect(json).toMatchObject({ code: 'invalid', outcome: 'failed', retryable: false })
    expect(json.message).toContain(reason)
  })

  test.for<Record<string, string>>([
    { 'if-match': 'W/"1"' },
    { 'if-match': '*' },
    { 'if-match': '"99999999999999999"' },
    { 'if-none-match': '"1"' },
    { 'if-match': '"1"', 'if-none-match': '*' },
    { 'idempotency-key': 'x'.repeat(limits.idempotencyKeyCharactersMax + 1) },
  ])('headers %j', async (headers) => {
    expect((await put('/v1/keys/a', '1', headers)).status).toBe(400)
    expect((await get('/v1/keys/a')).status).toBe(404)
  })

  test('a value over its limit is 413, declared or streamed, and nothing is stored', async () => {
    const large = 'x'.repeat(limits.valueBytesMax + 1)
    const declared = await put('/v1/keys/a', large, { 'content-length': String(large.length) })
    expect(declared).toMatchObject({ status: 413, json: { code: 'too-large', outcome: 'failed' } })
    const streamed = await put('/v1/keys/a', large, { 'transfer-encoding': 'chunked' })
    expect(streamed.status).toBe(413)
    expect((await get('/v1/keys/a')).status).toBe(404)
    expect((await put('/v1/keys/a', large.slice(1))).status).toBe(200)
  })

  test('unknown paths and methods say what there is', async () => {
    expect(await get('/nothing')).toMatchObject({
      status: 404,
      json: { message: expect.stringContaining('/v1/keys/{key}') },
    })
    const { status: code, headers } = await send('POST', '/v1/keys/a')
    expect([code, headers.get('allow')]).toEqual([405, 'GET, HEAD, PUT, DELETE'])
  })

  test.for([
    'nonsense\r\n\r\n',
    'GET /status HTTP/1.1\r\nhost: x\r\nbad header\r\n\r\n',
    '\x16\x03\x01\x02\x00',
  ])('bytes that are no request (%j) are answered, and the server lives on', async (bytes) => {
    const socket = connect(server.port, '127.0.0.1')
    socket.write(bytes)
    expect(await readText(socket)).toMatch(/^HTTP\/1\.1 400 /)
    expect((await get('/healthz')).status).toBe(200)
  })

  test('a client that hangs up in the middle of a body stores nothing', async () => {
    const socket = connect(server.port, '127.0.0.1')
    await new Promise<void>((resolve) => {
      socket.write('PUT /v1/keys/half HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf', () =>
        resolve(),
      )
    })
    socket.destroy()
    expect((await put('/v1/keys/whole', '1')).status).toBe(200)
    expect((await get('/v1/keys/half')).status).toBe(404)
    expect(logLines).toEqual([])
  })
})

test('a port in use is named, with what to do', async () => {
  await expect(start({ allowFaults: false, httpPort: server.port })).rejects.toThrow(
    new RegExp(
      `HTTP port ${server.port} on 127.0.0.1 is in use: end the program that holds it, or choose another with --http`,
    ),
  )
})

test('closing lets an open request end', async () => {
  let answer = () => {}
  const began = new Promise<void>((resolve) => {
    store = replaceCalls(store, {
      get: async () => {
        resolve()
        await new Promise<void>((done) => (answer = done))
        return { exists: false, value: undefined, version: 0 as never }
      },
    })
  })
  const open = get('/v1/keys/slow')
  await began
  const closed = server.close({ timeoutMs: 5_000 })
  answer()
  expect((await open).status).toBe(404)
  await closed
  await expect(get('/healthz')).rejects.toThrow('ECONNREFUSED')
})
