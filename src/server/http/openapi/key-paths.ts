import { limits } from '../../../ports/key-value/limits.ts'
import { putQuery, rangeQuery, readQuery, writeQuery } from '../parameters.ts'
import * as answers from './answers.ts'
import type { Header, Paths } from './openapi.ts'
import { bytes, header, json, pathParameter, problems, queryParameters } from './parts.ts'

const tags = ['keys']
const ETAG = '^"\\d{1,15}"$'

const key = pathParameter(
  'key',
  `UTF-8, at most ${limits.keyBytesMax} bytes with its keyspace; percent-encode what is not plain, "/" may stay.`,
  { type: 'string', minLength: 1 },
)
const etag: Header = {
  description: 'The version of the key.',
  schema: { type: 'string', pattern: ETAG },
}
const ifMatch = header(
  'If-Match',
  'The version that must be the current one: an ETag of an earlier answer.',
  {
    type: 'string',
    pattern: ETAG,
  },
)
const ifNoneMatchWrite = header('If-None-Match', 'The key must not exist. Not together with If-Match.', {
  type: 'string',
  const: '*',
})
const ifNoneMatchRead = header(
  'If-None-Match',
  'The ETag that is known already: 304 when it is the current one. Anything else matches nothing.',
  { type: 'string', minLength: 1 },
)
const idempotencyKey = header(
  'Idempotency-Key',
  'A retry with the same one is answered as the first time and never done twice.',
  { type: 'string', minLength: 1, maxLength: limits.idempotencyKeyCharactersMax },
)

export const keyPaths = (): Paths => ({
  '/v1/keys/{key}': {
    parameters: [key],
    get: {
      tags,
      operationId: 'getKey',
      summary: 'The value of a key, as the bytes that were put.',
      parameters: [...queryParameters(readQuery), ifNoneMatchRead],
      responses: {
        200: bytes('The value.', { ETag: etag }),
        304: { description: 'The version that is known is the current one.', headers: { ETag: etag } },
        ...problems(400, 404),
      },
    },
    put: {
      tags,
      operationId: 'putKey',
      summary: 'Sets a key; durable on a majority when answered.',
      parameters: [...queryParameters(putQuery), ifMatch, ifNoneMatchWrite, idempotencyKey],
      requestBody: {
        description: `Kept as it is, whatever its type: at most ${limits.valueBytesMax} bytes.`,
        content: { 'application/octet-stream': {}, 'application/json': {}, 'text/plain': {} },
      },
      responses: {
        200: json('Written.', answers.written, { ETag: etag }),
        ...problems(400, 409, 412, 413),
      },
    },
    delete: {
      tags,
      operationId: 'deleteKey',
      summary: 'Removes a key.',
      parameters: [...queryParameters(writeQuery), ifMatch, ifNoneMatchWrite, idempotencyKey],
      responses: {
        200: json('It is not there any more.', answers.removed),
        ...problems(400, 409, 412),
      },
    },
  },
  '/v1/range': {
    get: {
      tags,
      operationId: 'listKeys',
      summary: 'A page of rows in the order of their keys, from one snapshot.',
      parameters: queryParameters(rangeQuery),
      responses: { 200: json('A page.', answers.page), ...problems(400, 409) },
    },
  },
})
