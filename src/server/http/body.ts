import type { Context } from 'hono'
import { DureError } from '../../foundation/errors.ts'
import type { OnNode } from './environment.ts'

/** The whole body. Errors: `aborted` when the client goes away in the middle: nothing was done with the half. */
export async function readBody(c: Context<OnNode>): Promise<Uint8Array> {
  try {
    return new Uint8Array(await c.req.arrayBuffer())
  } catch (cause) {
    // The limit of a streamed body shows here as well, and is answered where it was set.
    if (!c.env.incoming.destroyed || c.env.incoming.complete) throw cause
    throw new DureError('aborted', 'the request ended before its body was complete: nothing was done', {
      cause,
    })
  }
}
