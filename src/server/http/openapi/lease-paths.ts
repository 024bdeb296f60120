import { leaseBody } from '../lease-routes.ts'
import { callQuery } from '../parameters.ts'
import * as answers from './answers.ts'
import type { Paths } from './openapi.ts'
import { json, pathParameter, problems, queryParameters, schemaOf } from './parts.ts'

const tags = ['leases']
const id = pathParameter('id', 'As it was answered when the lease was taken.', {
  type: 'string',
  minLength: 1,
})

export const leasePaths = (): Paths => ({
  '/v1/leases': {
    post: {
      tags,
      operationId: 'takeLease',
      summary: 'Takes a lease, to be kept alive by whoever took it about three times in each ttl_ms.',
      parameters: queryParameters(callQuery),
      requestBody: {
        required: true,
        content: { 'application/json': { schema: schemaOf(leaseBody, 'input') } },
      },
      responses: {
        201: json('Taken.', answers.lease, {
          Location: { description: 'Where it is.', schema: { type: 'string' } },
        }),
        ...problems(400, 413),
      },
    },
  },
  '/v1/leases/{id}': {
    parameters: [id],
    delete: {
      tags,
      operationId: 'releaseLease',
      summary: 'Gives a lease up; its keys are removed.',
      parameters: queryParameters(callQuery),
      responses: { 200: json('It is not there any more.', answers.removed), ...problems(400) },
    },
  },
  '/v1/leases/{id}/keep-alive': {
    parameters: [id],
    post: {
      tags,
      operationId: 'keepLease',
      summary: 'Keeps a lease alive for another ttl_ms.',
      parameters: queryParameters(callQuery),
      responses: { 200: json('It lives.', answers.keptLease), ...problems(400, 409) },
    },
  },
})
