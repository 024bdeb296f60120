import * as answers from './answers.ts'
import type { Paths } from './openapi.ts'
import { json, localProblems, text } from './parts.ts'

const tags = ['cluster']

export const nodePaths = (): Paths => ({
  '/status': {
    get: {
      tags,
      operationId: 'getStatus',
      summary: 'What the node says of itself; the names in it are stable.',
      responses: { 200: json('Its state.', answers.nodeStatus), ...localProblems() },
    },
  },
  '/healthz': {
    get: {
      tags,
      operationId: 'getHealth',
      summary: 'The process answers; nothing is said about the cluster.',
      responses: { 200: json('It does.', answers.health), ...localProblems() },
    },
  },
  '/readyz': {
    get: {
      tags,
      operationId: 'getReadiness',
      summary: 'Whether a leader is known and the log is applied.',
      responses: {
        200: json('Ready.', answers.ready),
        ...localProblems(),
        503: json('Not yet, and why.', answers.notReady, {
          'Retry-After': { description: 'Seconds to wait.', schema: { type: 'integer', minimum: 1 } },
        }),
      },
    },
  },
  '/metrics': {
    get: {
      tags,
      operationId: 'getMetrics',
      summary: 'Figures for Prometheus.',
      responses: { 200: text('In the text format.', 'text/plain'), ...localProblems() },
    },
  },
  '/v1/cluster': {
    get: {
      tags,
      operationId: 'getCluster',
      summary: 'Members, where they are, who leads, who is out of reach.',
      responses: { 200: json('As this node sees it.', answers.cluster), ...localProblems() },
    },
  },
  '/v1/openapi.json': {
    get: {
      tags,
      operationId: 'getDocument',
      summary: 'This document.',
      responses: {
        200: {
          description: 'OpenAPI 3.1.',
          content: { 'application/json': { schema: { type: 'object', required: ['openapi', 'paths'] } } },
        },
        ...localProblems(),
      },
    },
  },
})
