import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import * as z from 'zod'
import { NODE_ID_MAX } from '../../foundation/ids.ts'
import type { OnNode, Served } from './environment.ts'
import { readJson } from './json-body.ts'
import { callQuery, parse } from './parameters.ts'
import { answerMethodNotAllowed, answerTooLarge } from './refusals.ts'

const memberId = z
  .string()
  .regex(/^[1-9]\d{0,4}$/, `use a whole number from 1 to ${NODE_ID_MAX}`)
  .transform(Number)
export const memberCallQuery = callQuery
export const memberForcibleQuery = z.strictObject({
  ...callQuery.shape,
  force: z
    .enum(['true', 'false'], 'use true or false')
    .default('false')
    .meta({ description: 'Even when too few of those that are left answer.' }),
})

export const memberBody = z.strictObject({
  node_id: z.int().min(1).max(NODE_ID_MAX),
  peer_address: z.string().min(1).max(256),
  http_address: z.string().max(256).default(''),
})

const EXAMPLE = '{"node_id": 6, "peer_address": "127.0.0.1:7006"}'

/**
 * Who belongs to the cluster: `GET /v1/members`, `POST /v1/members`, `POST /v1/members/{id}/promote`,
 * `DELETE /v1/members/{id}`. Each change is answered once it is in force, and may be repeated.
 */
export function memberRoutes({ node, members }: Served): Hono<OnNode> {
  const routes = new Hono<OnNode>()
  const list = () => {
    const { cluster_id, leader_id, members, unreachable } = node.status()
    return {
      cluster_id,
      leader_id,
      members: members.map((member) => ({ ...member, reachable: !unreachable.includes(member.node_id) })),
    }
  }

  routes.get('/v1/members', (c) => c.json(list()))

  routes.post(
    '/v1/members',
    bodyLimit({ maxSize: 4 << 10, onError: (c) => answerTooLarge(c, 'at most 4 KiB are understood here') }),
    async (c) => {
      const { timeout_ms } = parse(memberCallQuery, c.req.query(), 'the query')
      const body = parse(memberBody, await readJson(c, EXAMPLE), 'the body')
      const { node_id, peer_address, http_address } = body
      const member = { node: node_id, peerAddress: peer_address, httpAddress: http_address }
      await members.add(member, timeoutOf(timeout_ms))
      // Adding a member again is no error, and it may have been promoted since.
      const role = node.status().members.find((known) => known.node_id === node_id)?.role ?? 'learner'
      return c.json({ node_id, role, peer_address, http_address })
    },
  )
  routes.all('/v1/members', (c) => answerMethodNotAllowed(c, 'GET, HEAD, POST'))

  routes.post('/v1/members/:id/promote', async (c) => {
    const { timeout_ms, force } = parse(memberForcibleQuery, c.req.query(), 'the query')
    const id = parse(memberId, c.req.param('id'), 'the id in the path')
    await members.promote(id, { ...timeoutOf(timeout_ms), force: force === 'true' })
    return c.json({ node_id: id, role: 'voter' })
  })

  routes.all('/v1/members/:id/promote', (c) => answerMethodNotAllowed(c, 'POST'))

  routes.delete('/v1/members/:id', async (c) => {
    const { timeout_ms, force } = parse(memberForcibleQuery, c.req.query(), 'the query')
    const id = parse(memberId, c.req.param('id'), 'the id in the path')
    await members.remove(id, { ...timeoutOf(timeout_ms), force: force === 'true' })
    return c.json({ node_id: id, role: null })
  })
  routes.all('/v1/members/:id', (c) => answerMethodNotAllowed(c, 'DELETE'))

  return routes
}

const timeoutOf = (timeoutMs: number | undefined) => (timeoutMs === undefined ? {} : { timeoutMs })
