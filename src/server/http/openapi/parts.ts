import * as z from 'zod'
import * as answers from './answers.ts'
import type { Answer, Header, Parameter, Responses, Schema } from './openapi.ts'

/** Pieces of an OpenAPI document, made from the schemas that check requests. */

/** As a client writes it: before defaults, and with the names of a parameter's own notes (`meta`) in it. */
export function schemaOf(schema: z.ZodType, io: 'input' | 'output' = 'output'): Schema {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    io,
    override: ({ jsonSchema }) => {
      // A number in a query is checked as text; for a client it is a number.
      if (jsonSchema.type === 'integer') delete jsonSchema.pattern
      // A client must not stumble over what later versions add to an answer.
      if (io === 'output') delete jsonSchema.additionalProperties
    },
  })
  return json
}

/** The parameters that a query may have, from the schema that checks it. */
export function queryParameters(query: z.ZodObject): Parameter[] {
  return Object.entries(query.shape).map(([name, schema]) => {
    const { description, ...rest } = schemaOf(schema as z.ZodType, 'input')
    return {
      name,
      in: 'query',
      required: false,
      ...(typeof description === 'string' && { description }),
      schema: rest,
    }
  })
}

export const header = (name: string, description: string, schema: Schema): Parameter => ({
  name,
  in: 'header',
  required: false,
  description,
  schema,
})

export const pathParameter = (name: string, description: string, schema: Schema): Parameter => ({
  name,
  in: 'path',
  required: true,
  description,
  schema,
})

export const json = (description: string, schema: z.ZodType, headers?: Record<string, Header>): Answer => ({
  description,
  ...(headers && { headers }),
  content: { 'application/json': { schema: schemaOf(schema) } },
})

export const bytes = (description: string, headers?: Record<string, Header>): Answer => ({
  description,
  ...(headers && { headers }),
  content: { 'application/octet-stream': {} },
})

export const text = (description: string, contentType: string): Answer => ({
  description,
  content: { [contentType]: { schema: { type: 'string' } } },
})

/** As `problem.ts` decides. */
const problemDescriptions = {
  400: 'The request makes no sense, or has a parameter that does not exist. Nothing happened.',
  403: 'This node does not allow it, to nobody or to a page of another site. Nothing happened.',
  404: 'There is none.',
  409: 'What it builds on is gone: a snapshot, a lease. Nothing happened.',
  410: 'The place is no longer kept: read again and start anew.',
  412: 'An expected version was not the current one. Nothing happened.',
  413: 'The body is over its limit. Nothing happened.',
  500: 'The disk, stored bytes, or a bug: the outcome says whether it may have happened.',
  503: 'No leader, no majority, or too much in flight. Nothing happened: try again.',
  504: 'Not confirmed in time: it may have happened, or may happen yet.',
} as const

export type ProblemStatus = keyof typeof problemDescriptions

/** What every call to the cluster may end in, besides those that are named. */
export function problems(...statuses: readonly ProblemStatus[]): Responses {
  const all = [...new Set<ProblemStatus>([...statuses, 403, 500, 503, 504])].sort(
    (left, right) => left - right,
  )
  return Object.fromEntries(all.map((status) => [String(status), problemResponse(status)]))
}

/** Without those of the cluster: the node answers by itself. */
export function localProblems(...statuses: readonly ProblemStatus[]): Responses {
  return Object.fromEntries(
    [...new Set<ProblemStatus>([...statuses, 403, 500])].map((status) => [
      String(status),
      problemResponse(status),
    ]),
  )
}

function problemResponse(status: ProblemStatus): Answer {
  return {
    description: problemDescriptions[status],
    ...(status === 503 && {
      headers: {
        'Retry-After': { description: 'Seconds to wait.', schema: { type: 'integer', minimum: 1 } },
      },
    }),
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Problem' } } },
  }
}

export const problemSchema = (): Schema => schemaOf(answers.problem)
