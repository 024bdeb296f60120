import { AssertionError } from '../foundation/assert.ts'
import { DureError, type ErrorCode } from '../foundation/errors.ts'

/** How the command ends: programs may branch on these. */
export const exitCodes = {
  fine: 0,
  /** The answer is no: a key that is not there, a comparison that failed, a lease that is gone, a history that is wrong. */
  no: 1,
  /** A checker could not decide in the time it had. */
  undecided: 2,
  /** Nobody answered in time, or what answered cannot serve. For a write, `outcome` says whether it may have happened. */
  unavailable: 3,
  usage: 64,
  bug: 70,
  interrupted: 130,
} as const

export function exitCodeOf(error: unknown): number {
  if (error instanceof AssertionError || !(error instanceof DureError)) return exitCodes.bug
  return byCode[error.code]
}

const byCode: Readonly<Record<ErrorCode, number>> = {
  aborted: exitCodes.interrupted,
  closed: exitCodes.unavailable,
  compacted: exitCodes.unavailable,
  'comparison-failed': exitCodes.no,
  corrupt: exitCodes.unavailable,
  'data-directory': exitCodes.unavailable,
  disk: exitCodes.unavailable,
  forgotten: exitCodes.unavailable,
  invalid: exitCodes.usage,
  'lease-lost': exitCodes.no,
  'not-leader': exitCodes.unavailable,
  overloaded: exitCodes.unavailable,
  protocol: exitCodes.unavailable,
  removed: exitCodes.unavailable,
  'session-expired': exitCodes.unavailable,
  'snapshot-expired': exitCodes.unavailable,
  timeout: exitCodes.unavailable,
  unavailable: exitCodes.unavailable,
  unsupported: exitCodes.usage,
  'wrong-cluster': exitCodes.unavailable,
}
