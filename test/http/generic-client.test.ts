import axios from 'axios'
import { OpenAPIClientAxios } from 'openapi-client-axios'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ProcessCluster } from '../../src/fixture/process-cluster.ts'

/** A client that knows nothing of Dure but the document that a node serves. */
let cluster: ProcessCluster
// biome-ignore lint/suspicious/noExplicitAny: its methods come from the document.
let client: any

beforeAll(async () => {
  cluster = await ProcessCluster.start({ nodeCount: 1 })
  const baseURL = `http://${cluster.httpAddresses[0]}`
  const { data: definition } = await axios.get(`${baseURL}/v1/openapi.json`)
  const api = new OpenAPIClientAxios({
    definition,
    axiosConfigDefaults: { baseURL, validateStatus: () => true },
  })
  client = await api.init()
})
afterAll(() => cluster?.[Symbol.asyncDispose]())

test('puts, gets, lists and deletes a key', async () => {
  const parameters = { key: 'KR/서울 %', keyspace: 'places' }
  const put = await client.putKey(
    parameters,
    { population: 9_602_000 },
    { headers: { 'Idempotency-Key': 'one' } },
  )
  expect(put.status).toBe(200)
  expect(put.headers.etag).toBe(`"${put.data.version}"`)
  const again = await client.putKey(
    parameters,
    { population: 9_602_000 },
    { headers: { 'Idempotency-Key': 'one' } },
  )
  expect(again.data).toEqual(put.data)

  const got = await client.getKey(parameters)
  expect([got.status, got.headers.etag]).toEqual([200, put.headers.etag])
  expect(got.data).toEqual({ population: 9_602_000 })

  const listed = await client.listKeys({ keyspace: 'places', prefix: 'KR/', limit: 10 })
  expect(listed.data).toEqual({
    rows: [{ key: 'KR/서울 %', value: '{"population":9602000}', version: put.data.version }],
    next: null,
  })

  const refused = await client.deleteKey(parameters, null, { headers: { 'If-Match': '"1"' } })
  expect([refused.status, refused.data.code]).toEqual([412, 'comparison-failed'])
  expect((await client.deleteKey(parameters)).data).toEqual({ existed: true })
  expect((await client.getKey(parameters)).status).toBe(404)
})

test('takes a lease, writes with it, keeps it alive and gives it up', async () => {
  const { data: lease, status } = await client.takeLease(null, { ttl_ms: 30_000 })
  expect(status).toBe(201)
  expect((await client.putKey({ key: 'held', lease: lease.id }, 'x')).status).toBe(200)
  expect((await client.keepLease({ id: lease.id })).data).toEqual({ id: lease.id })
  expect((await client.releaseLease({ id: lease.id })).data).toEqual({ existed: true })
  expect((await client.getKey('held')).status).toBe(404)
})

test('asks a node about itself', async () => {
  expect((await client.getStatus()).data).toMatchObject({ node_id: 1, state: 'leader', cluster_size: 1 })
  expect((await client.getCluster()).data.members).toHaveLength(1)
  expect((await client.getReadiness()).data).toEqual({ ready: true })
})
