import type { ErrorCode } from '../../foundation/errors.ts'
import type { ErrorResponse } from '../../wire/parcel/parcel.ts'

/** An error as it travels: `failed` and final unless said otherwise. */
export function errorResponse(
  code: ErrorCode,
  message: string,
  options: Partial<Omit<ErrorResponse, 'status' | 'code' | 'message'>> = {},
): ErrorResponse {
  return {
    status: 'error',
    code,
    message,
    outcome: 'failed',
    retryable: false,
    retryAfterMs: 0,
    leader: 0,
    leaderAddress: '',
    ...options,
  }
}
