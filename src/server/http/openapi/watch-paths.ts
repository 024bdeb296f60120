import { watchQuery } from '../watch-route.ts'
import type { Paths } from './openapi.ts'
import { header, problems, queryParameters, text } from './parts.ts'

export const watchPaths = (): Paths => ({
  '/v1/watch': {
    get: {
      tags: ['keys'],
      operationId: 'watchKeys',
      summary: 'The changes of keys, in order, without a gap or a repeat.',
      description: [
        'Server-sent events: `put` with a value and `delete` without one, each with its cursor as id, and `error` with a Problem',
        'before the end. It has no end of its own.',
      ].join(' '),
      parameters: [
        ...queryParameters(watchQuery),
        header('Last-Event-ID', 'As cursor, and before it: what an EventSource sends when it comes back.', {
          type: 'string',
          minLength: 1,
        }),
      ],
      responses: { 200: text('Events.', 'text/event-stream'), ...problems(400, 410) },
    },
  },
})
