import { beforeEach, expect, test } from 'vitest'
import type { FencingToken, Lease } from '../../ports/key-value/lease.ts'
import { limits } from '../../ports/key-value/limits.ts'
import { ReferenceModel } from '../../ports/key-value/reference/reference-model.ts'
import { ReferenceStore } from '../../ports/key-value/reference/reference-store.ts'
import { createLog } from '../log/log.ts'
import { replaceCalls } from '../testing/replace-calls.ts'
import { createApplication } from './application.ts'
import type { Served, ServedLeases } from './environment.ts'

let held: Set<string>
let puts: unknown[]
let application: ReturnType<typeof createApplication>

beforeEach(() => {
  held = new Set()
  puts = []
  let grants = 0
  const leases: ServedLeases = {
    grant: async () => {
      const token = ++grants
      held.add(`${token}`)
      return { id: `${token}`, token: token as FencingToken }
    },
    keepAlive: async (id) => held.has(id),
    release: async (id) => held.delete(id),
    named: (id) => ({ id }) as Lease,
  }
  const store = new ReferenceStore(new ReferenceModel())
  application = createApplication({
    store: replaceCalls(store, {
      put: async (key, value, { ttlMs, lease } = {}) => {
        puts.push({ ttlMs, lease: lease?.id })
        return store.put(key, value)
      },
    }),
    leases,
    log: createLog({ write: () => {} }),
  } as unknown as Served)
})

async function ask(method: string, path: string, body?: string, type = 'application/json') {
  const init = { method, ...(body !== undefined && { body, headers: { 'content-type': type } }) }
  const answer = await application.request(path, init, { incoming: { url: path, complete: true } })
  const { status, headers } = answer
  // biome-ignore lint/suspicious/noExplicitAny: what a test expects of it is the check.
  return { status, headers, json: (await answer.json()) as any }
}

test('a lease is granted, kept alive and released by its id', async () => {
  const granted = await ask('POST', '/v1/leases', '{"ttl_ms": 10000}')
  expect(granted).toMatchObject({ status: 201, json: { id: '1', token: 1, ttl_ms: 10_000 } })
  expect(granted.headers.get('location')).toBe('/v1/leases/1')
  expect(await ask('POST', '/v1/leases/1/keep-alive')).toMatchObject({ status: 200, json: { id: '1' } })
  expect(await ask('DELETE', '/v1/leases/1')).toMatchObject({ status: 200, json: { existed: true } })
  expect(await ask('DELETE', '/v1/leases/1')).toMatchObject({ status: 200, json: { existed: false } })
})

test('keeping a lease alive that is gone is 409, and says what to do', async () => {
  expect(await ask('POST', '/v1/leases/9/keep-alive')).toMatchObject({
    status: 409,
    json: { code: 'lease-lost', outcome: 'failed', message: expect.stringContaining('POST /v1/leases') },
  })
})

test.for([
  ['{}', 'ttl_ms'],
  ['{"ttl_ms": 1}', 'ttl_ms'],
  [`{"ttl_ms": ${limits.ttlMsMax + 1}}`, 'ttl_ms'],
  ['{"ttl_ms": 1000, "owner": "me"}', 'owner'],
  ['ttl_ms=1000', 'the body is not JSON'],
])('a grant with the body %s is refused', async ([body, says]) => {
  expect(await ask('POST', '/v1/leases', body)).toMatchObject({
    status: 400,
    json: { code: 'invalid', message: expect.stringContaining(says!) },
  })
  expect(held.size).toBe(0)
})

test('a grant is not taken from a form on a page', async () => {
  const answer = await ask('POST', '/v1/leases', '{"ttl_ms": 1000}', 'text/plain')
  expect(answer).toMatchObject({ status: 400, json: { message: expect.stringContaining('content-type') } })
})

test('a value is put with a time to live or with a lease', async () => {
  await ask('PUT', '/v1/keys/a?ttl_ms=60000', '1')
  await ask('PUT', '/v1/keys/b?lease=7', '1')
  await ask('PUT', '/v1/keys/c', '1')
  expect(puts).toEqual([
    { ttlMs: 60_000, lease: undefined },
    { ttlMs: undefined, lease: '7' },
    { ttlMs: undefined, lease: undefined },
  ])
  expect(await ask('PUT', '/v1/keys/a?ttl_ms=soon', '1')).toMatchObject({
    status: 400,
    json: { message: expect.stringContaining('ttl_ms') },
  })
})

test.for([
  ['GET', '/v1/leases', 'POST'],
  ['GET', '/v1/leases/1', 'DELETE'],
  ['GET', '/v1/leases/1/keep-alive', 'POST'],
])('%s %s is told what is understood there', async ([method, path, allowed]) => {
  const answer = await ask(method!, path!)
  expect([answer.status, answer.headers.get('allow')]).toEqual([405, allowed])
})
