import { DureError, type ErrorCode, type Outcome } from '../../foundation/errors.ts'

/** The body of every answer that is no success. */
export interface Problem {
  readonly code: ErrorCode | 'internal' | 'not-found' | 'too-large' | 'forbidden'
  readonly outcome: Outcome
  readonly message: string
  readonly retryable: boolean
}

export interface ProblemResponse {
  readonly status: number
  readonly problem: Problem
  readonly headers: Readonly<Record<string, string>>
}

/**
 * The status that belongs to an error: what certainly did not happen and may be tried again is 503 with `Retry-After`;
 * what may have happened is 504, whatever its code.
 */
export function problemOf(error: unknown): ProblemResponse {
  if (!(error instanceof DureError)) {
    const message = 'this is a bug in Dure: the log of the node says where'
    return {
      status: 500,
      problem: { code: 'internal', outcome: 'unknown', message, retryable: false },
      headers: {},
    }
  }
  const { code, outcome, message, retryable, retryAfterMs } = error
  const status = outcome === 'unknown' ? 504 : statusOf(code)
  const retryAfter = Math.max(1, Math.ceil((retryAfterMs ?? 0) / 1_000))
  return {
    status,
    problem: { code, outcome, message, retryable },
    headers: status === 503 ? { 'retry-after': String(retryAfter) } : {},
  }
}

function statusOf(code: ErrorCode): number {
  switch (code) {
    case 'invalid':
    case 'unsupported':
      return 400
    case 'comparison-failed':
      return 412
    case 'compacted':
      return 410
    case 'snapshot-expired':
    case 'session-expired':
    case 'lease-lost':
      return 409
    case 'aborted':
    case 'closed':
    case 'not-leader':
    case 'overloaded':
    case 'timeout':
    case 'unavailable':
      return 503
    case 'corrupt':
    case 'data-directory':
    case 'disk':
    case 'forgotten':
    case 'protocol':
    case 'removed':
    case 'wrong-cluster':
      return 500
  }
}
