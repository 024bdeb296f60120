import { faultsBody } from '../fault-routes.ts'
import * as answers from './answers.ts'
import type { Paths } from './openapi.ts'
import { json, localProblems, schemaOf } from './parts.ts'

const tags = ['faults']

export const faultPaths = (): Paths => ({
  '/v1/faults': {
    get: {
      tags,
      operationId: 'getFaults',
      summary: 'What is broken on purpose.',
      responses: { 200: json('As it is.', answers.faults), ...localProblems() },
    },
    post: {
      tags,
      operationId: 'setFaults',
      summary:
        'Cuts this node off from others, one way or both, disturbs its messages or slows it down; what is not named stays as it is.',
      requestBody: {
        required: true,
        content: { 'application/json': { schema: schemaOf(faultsBody, 'input') } },
      },
      responses: { 200: json('As it is now.', answers.faults), ...localProblems(400, 413) },
    },
    delete: {
      tags,
      operationId: 'clearFaults',
      summary: 'Mends everything.',
      responses: { 200: json('As it is now.', answers.faults), ...localProblems() },
    },
  },
})
