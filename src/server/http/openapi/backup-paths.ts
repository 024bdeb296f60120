import { callQuery } from '../parameters.ts'
import type { Paths } from './openapi.ts'
import { bytes, problems, queryParameters } from './parts.ts'

export const backupPaths = (): Paths => ({
  '/v1/backup': {
    get: {
      tags: ['cluster'],
      operationId: 'getBackup',
      summary: 'Everything that was acknowledged before the request, as one file for `dure restore`.',
      parameters: queryParameters(callQuery),
      responses: {
        200: bytes('A file; it is whole when it ends in its trailer.', {
          'Content-Disposition': { description: 'A name for it.', schema: { type: 'string' } },
        }),
        ...problems(400),
      },
    },
  },
})
