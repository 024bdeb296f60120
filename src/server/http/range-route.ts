import { Hono } from 'hono'
import type * as z from 'zod'
import { encodeBound, keyspaceEnd, keyspacePrefix } from '../../blocks/keyspace/key-codec.ts'
import { compareBytes, prefixEnd } from '../../foundation/bytes.ts'
import { DureError } from '../../foundation/errors.ts'
import type { KeyRange, StoredRow } from '../../ports/key-value/key-value-store.ts'
import type { OnNode, Served } from './environment.ts'
import { parseQuery, rangeQuery } from './parameters.ts'
import { answerMethodNotAllowed } from './refusals.ts'
import { asText } from './row-json.ts'

/** A page ends early rather than grow beyond this: a thousand rows of the largest values would be a gigabyte. */
const PAGE_BYTES_MAX = 4 << 20

interface JsonRow {
  readonly key: string
  /** Only when the key is not UTF-8. */
  readonly key_encoding?: 'base64'
  readonly value: string
  /** Only when the value is not UTF-8. */
  readonly value_encoding?: 'base64'
  readonly version: number
}

/**
 * `/v1/range`: rows of a keyspace in order. Each page is one snapshot; `next`, given back as `cursor`, continues where the
 * page ended, in a snapshot of its own.
 */
export function rangeRoute({ store }: Served): Hono<OnNode> {
  const routes = new Hono<OnNode>()

  routes.get('/v1/range', async (c) => {
    const query = parseQuery(c, rangeQuery)
    const { limit, consistency, timeout_ms: timeoutMs } = query
    const range = rangeOf(query)
    const keyspaceBytes = keyspacePrefix(query.keyspace).length
    const rows: JsonRow[] = []
    let next: string | null = null
    if (range.to === undefined || compareBytes(range.from, range.to) < 0) {
      const { signal } = c.req.raw
      // One more than asked for tells whether there is a next page, and where it begins.
      const options = {
        limit: limit + 1,
        pageSize: limit + 1,
        consistency,
        signal,
        ...(timeoutMs && { timeoutMs }),
      }
      let sizeBytes = 0
      for await (const row of store.range(range, options)) {
        if (rows.length === limit || sizeBytes >= PAGE_BYTES_MAX) {
          next = Buffer.from(row.key).toString('base64url')
          break
        }
        rows.push(jsonRow(row, keyspaceBytes))
        sizeBytes += row.key.length + row.value.length
      }
    }
    return c.json({ rows, next })
  })

  routes.all('/v1/range', (c) => answerMethodNotAllowed(c, 'GET, HEAD'))
  return routes
}

/** The keys that a query asks for. */
export function boundsOf(
  query: Pick<z.output<typeof rangeQuery>, 'keyspace' | 'from' | 'to' | 'prefix'>,
): KeyRange {
  const { keyspace, from, to, prefix } = query
  if (prefix === undefined) {
    return {
      from: from === undefined ? keyspacePrefix(keyspace) : encodeBound(keyspace, from),
      to: to === undefined ? keyspaceEnd(keyspace) : encodeBound(keyspace, to),
    }
  }
  if (from !== undefined || to !== undefined) {
    throw new DureError('invalid', 'prefix was given together with from or to: use one or the other')
  }
  const first = encodeBound(keyspace, prefix)
  return { from: first, to: prefixEnd(first) }
}

function rangeOf(query: z.output<typeof rangeQuery>): KeyRange {
  const { cursor } = query
  const range = boundsOf(query)
  if (cursor === undefined) return range
  const place = new Uint8Array(Buffer.from(cursor, 'base64url'))
  const isInside =
    compareBytes(range.from, place) <= 0 && (range.to === undefined || compareBytes(place, range.to) < 0)
  if (!isInside) {
    throw new DureError(
      'invalid',
      'the cursor belongs to another range: give it back with the same keyspace, from, to and prefix',
    )
  }
  return { from: place, to: range.to }
}

function jsonRow({ key, value, version }: StoredRow, keyspaceBytes: number): JsonRow {
  const name = asText(key.subarray(keyspaceBytes))
  const content = asText(value)
  return {
    key: name.text,
    ...(name.isText ? {} : { key_encoding: 'base64' }),
    value: content.text,
    ...(content.isText ? {} : { value_encoding: 'base64' }),
    version,
  }
}
