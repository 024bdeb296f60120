import type { Context } from 'hono'
import * as z from 'zod'
import { checkKeyspace } from '../../blocks/keyspace/key-codec.ts'
import { DureError } from '../../foundation/errors.ts'
import { limits } from '../../ports/key-value/limits.ts'
import { absent, type Version, versionFromNumber } from '../../ports/key-value/version.ts'
import type { OnNode } from './environment.ts'

const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, `use a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((value) => value >= min && value <= max, `use a whole number from ${min} to ${max}`)

// What stands in `meta` is for clients: it goes into the OpenAPI document, in which a query has numbers.
const numberFrom = (minimum: number, maximum: number, description: string) => ({
  type: 'integer' as const,
  minimum,
  maximum,
  description,
})

const keyspace = z
  .string()
  .default('default')
  .meta({ pattern: '^[a-z][a-z0-9-]{0,62}$', description: 'The keyspace of the key.' })
const consistency = z.enum(['strong', 'eventual'], 'use strong or eventual').default('strong').meta({
  description: 'strong: never older than what finished before. eventual: what this node has applied.',
})
export const timeout_ms = wholeNumber(1, 60_000)
  .optional()
  .meta(numberFrom(1, 60_000, 'How long the node tries.'))

const TTL_EXPECTED = `use a whole number of milliseconds from ${limits.ttlMsMin} to ${limits.ttlMsMax}`

export const callQuery = z.strictObject({ timeout_ms })
export const writeQuery = z.strictObject({ keyspace, timeout_ms })
export const putQuery = z.strictObject({
  ...writeQuery.shape,
  // Its bounds are those of the port.
  ttl_ms: z
    .string()
    .regex(/^\d{1,15}$/, TTL_EXPECTED)
    .transform(Number)
    .refine((value) => value >= limits.ttlMsMin && value <= limits.ttlMsMax, TTL_EXPECTED)
    .optional()
    .meta(
      numberFrom(limits.ttlMsMin, limits.ttlMsMax, 'The key is gone after so long. Not together with lease.'),
    ),
  lease: z.string().optional().meta({ description: 'The key is gone when this lease is.' }),
})
export const readQuery = z.strictObject({ keyspace, timeout_ms, consistency })
export const rangeQuery = z.strictObject({
  ...readQuery.shape,
  from: z.string().optional().meta({ description: 'The first key.' }),
  to: z.string().optional().meta({ description: 'The first key that is not meant any more.' }),
  prefix: z
    .string()
    .optional()
    .meta({ description: 'Keys that begin like this. Not together with from or to.' }),
  limit: wholeNumber(1, 1_000)
    .default(100)
    .meta(numberFrom(1, 1_000, 'Rows of a page, at most.')),
  cursor: z.string().optional().meta({ description: '`next` of the page before.' }),
})

/** The query, checked; a parameter that does not exist is an error too, because it would be ignored in silence. */
export function parseQuery<Schema extends z.ZodType<{ keyspace: string }>>(
  c: Context<OnNode>,
  schema: Schema,
): z.output<Schema> {
  const query = parse(schema, c.req.query(), 'the query')
  checkKeyspace(query.keyspace)
  return query
}

/** Checks what came from outside. Errors: `invalid`, with everything that is wrong with it. */
export function parse<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
  what: string,
): z.output<Schema> {
  const result = schema.safeParse(input)
  if (result.success) return result.data
  const problems = result.error.issues.map(({ path, message }) =>
    path.length > 0 ? `${path.join('.')}: ${message}` : message,
  )
  const isUnknown = result.error.issues.some(({ code }) => code === 'unrecognized_keys')
  const known = isUnknown && schema instanceof z.ZodObject ? Object.keys(schema.shape) : []
  const advice = known.length > 0 ? `; there are ${known.join(', ')}` : ''
  throw new DureError('invalid', `${what} is not understood: ${problems.join('; ')}${advice}`)
}

/**
 * The key in the path, from the raw request: URL parsers resolve `..` and `.`, and a key may hold them.
 */
export function keyInPath(c: Context<OnNode>, prefix: string): string {
  const url = c.env.incoming.url ?? ''
  const query = url.indexOf('?')
  const path = query === -1 ? url : url.slice(0, query)
  if (!path.startsWith(prefix))
    throw new DureError('invalid', `the path ${path} does not begin with ${prefix}`)
  try {
    return decodeURIComponent(path.slice(prefix.length))
  } catch {
    throw new DureError(
      'invalid',
      `the key in ${path} is not percent-encoded UTF-8: encode it with encodeURIComponent`,
    )
  }
}

/** `If-Match: "7"` and `If-None-Match: *` as the version that must be there; undefined when nothing is asked. */
export function expectedVersion(c: Context<OnNode>): Version | undefined {
  const match = c.req.header('if-match')
  const noneMatch = c.req.header('if-none-match')
  if (match !== undefined && noneMatch !== undefined) {
    throw new DureError('invalid', 'If-Match and If-None-Match were both given: use one')
  }
  if (noneMatch !== undefined) {
    if (noneMatch.trim() === '*') return absent
    throw new DureError('invalid', `If-None-Match is ${noneMatch}: a write takes * ("must not exist") only`)
  }
  if (match === undefined) return undefined
  const version = parseEtag(match)
  if (version !== undefined) return version
  throw new DureError('invalid', `If-Match is ${match}: give the ETag of an earlier answer, for example "7"`)
}

export const etag = (version: Version): string => `"${version}"`

export function parseEtag(text: string): Version | undefined {
  const digits = /^\s*"(\d{1,16})"\s*$/.exec(text)?.[1]
  if (digits === undefined) return undefined
  const value = Number(digits)
  return Number.isSafeInteger(value) ? versionFromNumber(value) : undefined
}
