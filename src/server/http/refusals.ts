import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { Problem } from './problem.ts'

/** Answers that no engine gave: the request itself is not served. All of them certainly changed nothing. */
export const answerNotFound = (c: Context, message: string) => answer(c, 404, 'not-found', message)

export const answerForbidden = (c: Context, message: string) => answer(c, 403, 'forbidden', message)

/** The rest of the body is not wanted: the connection ends with the answer. */
export function answerTooLarge(c: Context, message: string) {
  c.header('connection', 'close')
  return answer(c, 413, 'too-large', message)
}

export function answerMethodNotAllowed(c: Context, allowed: string) {
  c.header('allow', allowed)
  return answer(c, 405, 'invalid', `${c.req.method} is not understood here: use ${allowed}`)
}

function answer(c: Context, status: ContentfulStatusCode, code: Problem['code'], message: string) {
  const problem: Problem = { code, outcome: 'failed', message, retryable: false }
  return c.json(problem, status)
}
