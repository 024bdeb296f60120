import { request } from 'node:http'
import { text as readText } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ReferenceModel } from '../../ports/key-value/reference/reference-model.ts'
import { ReferenceStore } from '../../ports/key-value/reference/reference-store.ts'
import { createLog } from '../log/log.ts'
import { type RunningServer, type ServerOptions, startServer } from '../start-server.ts'

let server: RunningServer
let promoted: number[]
let backups: number

beforeEach(async () => {
  promoted = []
  backups = 0
  server = await startServer({
    node: {
      status: () => ({}),
      metrics: () => [],
      openBackup: async () => {
        backups++
        throw new Error('not here')
      },
    },
    members: { promote: async (node: number) => void promoted.push(node) },
    leases: { keepAlive: async () => true },
    store: new ReferenceStore(new ReferenceModel()),
    httpHost: '127.0.0.1',
    httpPort: 0,
    httpHostNames: ['db.internal'],
    allowFaults: false,
    log: createLog({ write: () => {} }),
  } as unknown as ServerOptions)
})

afterEach(() => server.close({ timeoutMs: 0 }))

/** As it is written: `{port}` in a header is that of the server. */
function ask(method: string, path: string, headers: Record<string, string>) {
  const { port } = server
  const filled = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, value.replace('{port}', `${port}`)]),
  )
  return new Promise<{ status: number; body: string }>((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, method, path, headers: filled, agent: false })
    sent.on('error', reject)
    sent.on('response', async (response) => {
      resolve({ status: response.statusCode!, body: await readText(response) })
    })
    sent.end()
  })
}

const refused = (says: string) => ({
  status: 403,
  body: expect.stringMatching(new RegExp(`"code":"forbidden","outcome":"failed".*${says}`)),
})

test.for([
  'evil.example',
  'evil.example:{port}',
  'localhost.evil.example:{port}',
  '127.0.0.1.evil.example:{port}',
  'notlocalhost:{port}',
  'db.internal.evil.example',
])('a page that pointed its name %s at this machine gets nothing', async (host) => {
  for (const path of ['/v1/backup', '/v1/keys/a', '/v1/range', '/status', '/metrics', '/nowhere']) {
    expect(await ask('GET', path, { host })).toEqual(refused('--http-allowed-hosts'))
  }
  // Its own origin, as the browser sees it.
  const own = { host, origin: `http://${host}`, 'sec-fetch-site': 'same-origin' }
  expect(await ask('POST', '/v1/members/2/promote?force=true', own)).toEqual(refused('evil|notlocalhost'))
  expect([promoted, backups]).toEqual([[], 0])
})

test.for([
  '127.0.0.1:{port}',
  '10.1.2.3:8080',
  '[::1]:{port}',
  '[fd00::7]',
  'localhost:{port}',
  'LOCALHOST',
  'node-1.localhost:{port}',
  'localhost.',
  'db.internal:{port}',
  'DB.Internal',
])('health checks, figures and calls for %s are served', async (host) => {
  for (const path of ['/healthz', '/status', '/metrics', '/v1/range']) {
    expect(await ask('GET', path, { host })).toMatchObject({ status: 200 })
  }
  expect(await ask('PUT', '/v1/keys/a', { host })).toMatchObject({ status: 200 })
})

test.for<Record<string, string>>([
  { origin: 'https://evil.example' },
  { origin: 'http://127.0.0.1:3000' },
  { origin: 'http://127.0.0.1' },
  { origin: 'null' },
  { 'sec-fetch-site': 'cross-site' },
  { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'no-cors' },
  { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
])('a page elsewhere changes nothing: %j', async (headers) => {
  for (const path of ['/v1/members/2/promote?force=true', '/v1/leases/1/keep-alive']) {
    expect(await ask('POST', path, headers)).toEqual(refused('page'))
  }
  expect(promoted).toEqual([])
})

test.for([
  [{ origin: 'https://evil.example' }, 403],
  [{ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }, 403],
  [{ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }, 200],
  [{ 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' }, 200],
  [{ 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' }, 200],
] as const)(
  'a page elsewhere loads nothing from a node, and may link to it: %j gives %i',
  async ([headers, status]) => {
    expect(await ask('GET', '/status', headers)).toMatchObject({ status })
  },
)

test('a page of the node itself may ask for everything', async () => {
  const own = { host: 'localhost:{port}', origin: 'http://localhost:{port}', 'sec-fetch-site': 'same-origin' }
  expect(await ask('POST', '/v1/members/2/promote', own)).toMatchObject({ status: 200 })
  // Behind a server that speaks TLS and passes the name on.
  const proxied = { host: 'db.internal', origin: 'https://db.internal' }
  expect(await ask('POST', '/v1/members/3/promote', proxied)).toMatchObject({ status: 200 })
  expect(promoted).toEqual([2, 3])
})
