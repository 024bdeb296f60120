import type { Context } from 'hono'
import { text } from '../../foundation/bytes.ts'
import { DureError } from '../../foundation/errors.ts'
import { readBody } from './body.ts'
import type { OnNode } from './environment.ts'

/** The body as JSON, not yet checked; `example` is for who sent something else. */
export async function readJson(c: Context<OnNode>, example: string): Promise<unknown> {
  // A page in a browser cannot send this type without asking first, and is never answered that it may.
  if (c.req.header('content-type')?.split(';')[0]?.trim() !== 'application/json') {
    throw new DureError(
      'invalid',
      'the content type is not application/json: say -H "content-type: application/json"',
    )
  }
  const body = text(await readBody(c))
  try {
    return JSON.parse(body)
  } catch (cause) {
    throw new DureError('invalid', `the body is not JSON: send for example ${example}`, { cause })
  }
}
