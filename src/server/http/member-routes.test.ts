import { beforeEach, expect, test } from 'vitest'
import type { NodeStatus } from '../../engines/embedded/status.ts'
import { DureError } from '../../foundation/errors.ts'
import { createApplication } from './application.ts'
import type { Served, ServedMembers } from './environment.ts'

let calls: unknown[]

/** Notes what it is asked, and refuses to remove node 3. */
const members: ServedMembers = {
  add: async (...call) => void calls.push(['add', ...call]),
  promote: async (...call) => void calls.push(['promote', ...call]),
  remove: async (node, options) => {
    calls.push(['remove', node, options])
    if (node === 3) throw new DureError('unavailable', 'too few would answer', { retryable: true })
  },
}

const status = {
  cluster_id: 'test',
  leader_id: 1,
  unreachable: [2],
  members: [1, 2].map((node_id) => ({ node_id, role: 'voter' as const })),
} as unknown as NodeStatus

const silent = { debug() {}, info() {}, warn() {}, error() {} }
const application = createApplication({
  node: { status: () => status },
  members,
  log: silent,
} as unknown as Served)

const send = (method: string, path: string, body?: string) =>
  application.request(path, {
    method,
    ...(body !== undefined && { body, headers: { 'content-type': 'application/json' } }),
  })

beforeEach(() => {
  calls = []
})

test('members are listed, with who is out of reach', async () => {
  const answer = await send('GET', '/v1/members')
  expect(await answer.json()).toMatchObject({
    cluster_id: 'test',
    leader_id: 1,
    members: [
      { node_id: 1, reachable: true },
      { node_id: 2, reachable: false },
    ],
  })
})

test('members are added, promoted and removed', async () => {
  const added = await send(
    'POST',
    '/v1/members?timeout_ms=900',
    '{"node_id":6,"peer_address":"127.0.0.1:7006"}',
  )
  expect(added.status).toBe(200)
  expect(await added.json()).toMatchObject({ node_id: 6, role: 'learner' })
  expect(await (await send('POST', '/v1/members/6/promote')).json()).toEqual({ node_id: 6, role: 'voter' })
  expect(await (await send('DELETE', '/v1/members/2?force=true')).json()).toEqual({ node_id: 2, role: null })
  expect(calls).toEqual([
    ['add', { node: 6, peerAddress: '127.0.0.1:7006', httpAddress: '' }, { timeoutMs: 900 }],
    ['promote', 6, { force: false }],
    ['remove', 2, { force: true }],
  ])
})

test('a change that cannot be made now is 503 with Retry-After', async () => {
  const refused = await send('DELETE', '/v1/members/3')
  expect(refused.status).toBe(503)
  expect(refused.headers.get('retry-after')).toBe('1')
  expect(await refused.json()).toMatchObject({ outcome: 'failed', message: 'too few would answer' })
})

test.for([
  ['DELETE', '/v1/members/none', undefined],
  ['DELETE', '/v1/members/2?force=perhaps', undefined],
  ['DELETE', '/v1/members/2?forse=true', undefined],
  ['POST', '/v1/members/0/promote', undefined],
  ['POST', '/v1/members', '{"node_id":6}'],
  ['POST', '/v1/members', '{"node_id":6,"peer_address":"a:1","role":"voter"}'],
  ['POST', '/v1/members', 'x'],
] as const)('%s %s %s makes no sense: 400, and nobody is asked', async ([method, path, body]) => {
  expect((await send(method, path, body)).status).toBe(400)
  expect(calls).toEqual([])
})
