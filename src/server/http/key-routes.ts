import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { encodeKey } from '../../blocks/keyspace/key-codec.ts'
import { limits } from '../../ports/key-value/limits.ts'
import { readBody } from './body.ts'
import type { OnNode, Served } from './environment.ts'
import {
  etag,
  expectedVersion,
  keyInPath,
  parseEtag,
  parseQuery,
  putQuery,
  readQuery,
  writeQuery,
} from './parameters.ts'
import { answerMethodNotAllowed, answerNotFound, answerTooLarge } from './refusals.ts'

const PREFIX = '/v1/keys/'

/** `/v1/keys/{key}`: one key of a keyspace; its value is bytes, its version the ETag. */
export function keyRoutes({ store, leases }: Served): Hono<OnNode> {
  const routes = new Hono<OnNode>()

  routes.get(`${PREFIX}*`, async (c) => {
    const { keyspace, consistency, timeout_ms: timeoutMs } = parseQuery(c, readQuery)
    const name = keyInPath(c, PREFIX)
    const { signal } = c.req.raw
    const found = await store.get(encodeKey(keyspace, name), {
      consistency,
      signal,
      ...(timeoutMs && { timeoutMs }),
    })
    if (!found.exists)
      return answerNotFound(c, `there is no key ${JSON.stringify(name)} in keyspace ${keyspace}`)
    c.header('etag', etag(found.version))
    if (parseEtag(c.req.header('if-none-match') ?? '') === found.version) return c.body(null, 304)
    c.header('content-type', 'application/octet-stream')
    // A browser must never guess that a stored value is a page.
    c.header('x-content-type-options', 'nosniff')
    return c.body(found.value as Uint8Array<ArrayBuffer>)
  })

  routes.put(
    `${PREFIX}*`,
    bodyLimit({
      maxSize: limits.valueBytesMax,
      onError: (c) =>
        answerTooLarge(c, `a value has at most ${limits.valueBytesMax} bytes: split it over several keys`),
    }),
    async (c) => {
      const { keyspace, timeout_ms: timeoutMs, ttl_ms: ttlMs, lease } = parseQuery(c, putQuery)
      const key = encodeKey(keyspace, keyInPath(c, PREFIX))
      const ifVersion = expectedVersion(c)
      const idempotencyKey = c.req.header('idempotency-key')
      const value = await readBody(c)
      const { version } = await store.put(key, value, {
        ...(ifVersion !== undefined && { ifVersion }),
        ...(idempotencyKey !== undefined && { idempotencyKey }),
        ...(timeoutMs && { timeoutMs }),
        ...(ttlMs !== undefined && { ttlMs }),
        ...(lease !== undefined && { lease: leases.named(lease) }),
      })
      c.header('etag', etag(version))
      return c.json({ version })
    },
  )

  routes.delete(`${PREFIX}*`, async (c) => {
    const { keyspace, timeout_ms: timeoutMs } = parseQuery(c, writeQuery)
    const key = encodeKey(keyspace, keyInPath(c, PREFIX))
    const ifVersion = expectedVersion(c)
    const idempotencyKey = c.req.header('idempotency-key')
    const { existed } = await store.delete(key, {
      ...(ifVersion !== undefined && { ifVersion }),
      ...(idempotencyKey !== undefined && { idempotencyKey }),
      ...(timeoutMs && { timeoutMs }),
    })
    return c.json({ existed })
  })

  routes.all(`${PREFIX}*`, (c) => answerMethodNotAllowed(c, 'GET, HEAD, PUT, DELETE'))
  return routes
}
