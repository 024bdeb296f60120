import { request as httpRequest } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ProcessCluster } from '../../src/fixture/process-cluster.ts'
import { openApiDocument } from '../../src/server/http/openapi/document.ts'
import { methods, type Operation } from '../../src/server/http/openapi/openapi.ts'
import { type GeneratedRequest, type Known, requestsOf } from './arbitrary-requests.ts'

/**
 * Requests that the document allows, and some that it does not, to a node that runs: whatever comes, the answer is one of
 * those that the document names, with a body of that shape, and the node lives.
 */
const RUNS = 60
const document = openApiDocument('0.0.0')

/** Their values come from earlier answers: another one is refused, and nobody can tell from its shape. */
const references = new Set(['lease', 'cursor', 'id'])
/** Each fits by itself and not with the others. */
const exclusive = [
  ['prefix', 'from'],
  ['prefix', 'to'],
  ['ttl_ms', 'lease'],
]

const LEASES = 8
const leases: string[] = []
let etag = ''
const known: Known = (parameter) => {
  if (parameter === 'key') return ['kept']
  if (parameter === 'If-None-Match' || parameter === 'If-Match') return [etag]
  return parameter === 'lease' || parameter === 'id' ? leases : []
}

/** A member has an address, and there is one member only. */
const hardToMeet = new Set(['addMember', 'removeMember', 'promoteMember'])

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
}

const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  methods.flatMap((method) => {
    const operation = item[method]
    return operation === undefined
      ? []
      : [{ name: `${method.toUpperCase()} ${path}`, method, path, item, operation }]
  }),
)

let cluster: ProcessCluster
beforeAll(async () => {
  cluster = await ProcessCluster.start({ nodeCount: 1 })
})
afterAll(() => cluster?.[Symbol.asyncDispose]())

beforeEach(async () => {
  leases.length = 0
  const headers = { 'content-type': 'application/json' }
  for (let i = 0; i < LEASES; i++) {
    const { body } = await send({ method: 'POST', path: '/v1/leases', headers, body: '{"ttl_ms":600000}' })
    leases.push(JSON.parse(body.toString()).id)
  }
  const { headers: put } = await send({ method: 'PUT', path: '/v1/keys/kept', body: 'x' })
  etag = String(put.etag)
})

/** What was generated may have slowed its disk down. */
afterEach(async () => {
  expect((await send({ method: 'DELETE', path: '/v1/faults' })).status).toBe(200)
  expect(cluster.isRunning(1)).toBe(true)
  const kept = await send({ method: 'PUT', path: '/v1/keys/kept', body: 'x' })
  expect(kept.status).toBe(200)
})

describe('whatever is asked, the answer is one that the document names', () => {
  test.for(operations.map((one) => [one.name, one] as const))(
    '%s',
    async ([, { method, path, item, operation }]) => {
      let succeeded = 0
      await fc.assert(
        fc.asyncProperty(requestsOf(method, path, item, operation, known), async (request) => {
          const answer = await send(request)
          if (operation.operationId === 'setFaults') await send({ method: 'DELETE', path: '/v1/faults' })
          checkAnswer(operation, request, answer)
          if (answer.status < 400) succeeded++
        }),
        { numRuns: RUNS },
      )
      // Or the requests have become worthless.
      if (!hardToMeet.has(operation.operationId)) expect(succeeded).toBeGreaterThan(0)
    },
  )
})

test('a method that is not in the document is refused', async () => {
  for (const [path, item] of Object.entries(document.paths)) {
    const filled = path.replace(/\{\w+\}/g, '1')
    for (const method of methods.filter((one) => item[one] === undefined)) {
      const { status, headers } = await send({ method: method.toUpperCase(), path: filled })
      expect([404, 405], `${method} ${path}`).toContain(status)
      expect(headers['content-type'], `${method} ${path}`).toContain('application/json')
    }
  }
})

function checkAnswer(operation: Operation, request: GeneratedRequest, answer: Answer): void {
  const { status, headers, body } = answer
  const said = `${request.method} ${request.path} ${JSON.stringify(request.headers)} ${request.body ?? ''}\n→ ${status} ${body.subarray(0, 500)}`
  expect(status, said).not.toBe(500)
  const response = operation.responses[status]
  expect(response, `${said}\nwhich the document does not name`).toBeDefined()
  if (!request.isValid) expect(status, said).toBeGreaterThanOrEqual(400)
  if (status === 400) expect(request.isValid && !mayBeRefused(request, operation), said).toBe(false)

  for (const [name, { schema }] of Object.entries(response!.headers ?? {})) {
    const value = headers[name.toLowerCase()]
    expect(value, `${said}\nwithout the header ${name}`).toBeDefined()
    const validate = validatorOf(schema)
    expect(validate(schema.type === 'integer' ? Number(value) : value), `${said}\n${name}: ${value}`).toBe(
      true,
    )
  }
  const { content } = response!
  if (content === undefined) {
    expect(body.length, said).toBe(0)
    return
  }
  const type = String(headers['content-type']).split(';')[0]!
  expect(Object.keys(content), said).toContain(type)
  const { schema } = content[type]!
  if (schema === undefined) return
  const validate = validatorOf(schema)
  const parsed: unknown = type === 'application/json' ? JSON.parse(body.toString()) : body.toString()
  expect(validate(parsed), `${said}\n${JSON.stringify(validate.errors)}`).toBe(true)
}

/** It fits, and is refused for what no schema says. */
function mayBeRefused({ path, headers, body }: GeneratedRequest, { requestBody }: Operation): boolean {
  const query = new URLSearchParams(path.split('?')[1] ?? '')
  return (
    [...query.keys()].some((name) => references.has(name)) ||
    /\/v1\/(leases|members)\//.test(path) ||
    exclusive.some((names) => names.every((name) => query.has(name))) ||
    ('if-match' in headers && 'if-none-match' in headers) ||
    'last-event-id' in headers ||
    // One that was used for another request.
    'idempotency-key' in headers ||
    // Addresses and nodes have rules of their own.
    (requestBody !== undefined && /"(block|deaf_to|mute_to|peer_address)"/.test(body ?? ''))
  )
}

const ajv = new Ajv2020({ strict: false })
const validators = new Map<unknown, ValidateFunction>()

/** Of a schema of the document; an answer may hold nothing that the document does not name. */
function validatorOf(schema: object): ValidateFunction {
  let validate = validators.get(schema)
  if (validate === undefined) validators.set(schema, (validate = ajv.compile(closed(schema) as object)))
  return validate
}

function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed)
  if (typeof schema !== 'object' || schema === null) return schema
  const { $ref } = schema as { readonly $ref?: string }
  if ($ref !== undefined) return closed(document.components.schemas[$ref.split('/').at(-1)!])
  const copy = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, closed(value)]))
  return 'properties' in copy ? { ...copy, additionalProperties: false } : copy
}

/** Not `fetch`: it would tidy the path up. Of an answer without end, the beginning. */
function send(asked: Partial<GeneratedRequest> & { method: string; path: string }): Promise<Answer> {
  const [host, port] = cluster.httpAddresses[0]!.split(':')
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      { host, port, method: asked.method, path: asked.path, headers: asked.headers ?? {} },
      (incoming) => {
        const { statusCode: status = 0, headers } = incoming
        if (headers['content-type']?.startsWith('text/event-stream')) {
          incoming.once('error', () => {})
          incoming.destroy()
          return resolve({ status, headers, body: Buffer.alloc(0) })
        }
        buffer(incoming).then((body) => resolve({ status, headers, body }), reject)
      },
    )
    outgoing.once('error', reject)
    outgoing.end(asked.body)
  })
}
