import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import * as z from 'zod'
import { DureError } from '../../foundation/errors.ts'
import { limits } from '../../ports/key-value/limits.ts'
import type { OnNode, Served } from './environment.ts'
import { readJson } from './json-body.ts'
import { callQuery, parse } from './parameters.ts'
import { answerMethodNotAllowed, answerTooLarge } from './refusals.ts'

const PATH = '/v1/leases'

export const leaseBody = z.strictObject({ ttl_ms: z.int().min(limits.ttlMsMin).max(limits.ttlMsMax) })

/**
 * `/v1/leases`: leases that the HTTP client keeps alive itself, about three times in each `ttl_ms`; the keys of one that it
 * stops keeping alive are gone after that time. A grant whose answer was lost just runs out.
 */
export function leaseRoutes({ leases }: Served): Hono<OnNode> {
  const routes = new Hono<OnNode>()

  routes.post(
    PATH,
    bodyLimit({ maxSize: 1 << 10, onError: (c) => answerTooLarge(c, 'at most 1 KiB is understood here') }),
    async (c) => {
      const { timeout_ms: timeoutMs } = parse(callQuery, c.req.query(), 'the query')
      const { ttl_ms } = parse(leaseBody, await readJson(c, '{"ttl_ms": 10000}'), 'the body')
      const { id, token } = await leases.grant(ttl_ms, { ...(timeoutMs && { timeoutMs }) })
      return c.json({ id, token, ttl_ms }, 201, { location: `${PATH}/${id}` })
    },
  )
  routes.all(PATH, (c) => answerMethodNotAllowed(c, 'POST'))

  routes.post(`${PATH}/:id/keep-alive`, async (c) => {
    const { timeout_ms: timeoutMs } = parse(callQuery, c.req.query(), 'the query')
    const id = c.req.param('id')
    if (await leases.keepAlive(id, { ...(timeoutMs && { timeoutMs }) })) return c.json({ id })
    throw new DureError(
      'lease-lost',
      `the lease ${id} is gone: it expired, was released, or never was; take a new one with POST ${PATH}`,
    )
  })
  routes.all(`${PATH}/:id/keep-alive`, (c) => answerMethodNotAllowed(c, 'POST'))

  routes.delete(`${PATH}/:id`, async (c) => {
    const { timeout_ms: timeoutMs } = parse(callQuery, c.req.query(), 'the query')
    const existed = await leases.release(c.req.param('id'), { ...(timeoutMs && { timeoutMs }) })
    return c.json({ existed })
  })
  routes.all(`${PATH}/:id`, (c) => answerMethodNotAllowed(c, 'DELETE'))
  return routes
}
