/** How a call ended, by gRPC's numbers. Only those that are told apart. */
export const grpc = {
  ok: 0,
  cancelled: 1,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  outOfRange: 11,
  unimplemented: 12,
  unavailable: 14,
  unauthenticated: 16,
} as const

/** The end of one attempt. */
export interface Ended {
  readonly status: number
  /** The server's words, or what happened to the connection. */
  readonly message: string
  /** The response's message, without its prefix; only with status 0. */
  readonly body: Uint8Array
  /** It did not leave this process, so it did not happen. */
  readonly neverLeft: boolean
}

/** What is to be done about it. */
export type Verdict =
  | 'ok'
  /** It certainly did not happen; try again, here or elsewhere. */
  | 'refused'
  /** It did not happen: log in again. */
  | 'log-in'
  /** It may have happened; try again elsewhere. */
  | 'unknown'
  /** It did not happen and will not by trying. */
  | 'final'

export function judge({ status, message, neverLeft }: Ended): Verdict {
  if (status === grpc.ok) return 'ok'
  if (neverLeft) return 'refused'
  // Says so too when authentication was switched on, or users were changed, after we logged in.
  if (status === grpc.unauthenticated || /revision of auth store is old|user name is empty/.test(message))
    return 'log-in'
  if (status === grpc.resourceExhausted) return /too many requests/.test(message) ? 'refused' : 'final'
  // Unavailable as the others up to 3.5, a failed precondition from 3.6 on: not here, but elsewhere or later.
  if (/not capable|not supported for learner/.test(message)) return 'refused'
  if (status === grpc.unavailable) {
    return /no leader|unhealthy cluster/.test(message) ? 'refused' : 'unknown'
  }
  if (
    status === grpc.invalidArgument ||
    status === grpc.notFound ||
    status === grpc.permissionDenied ||
    status === grpc.failedPrecondition ||
    status === grpc.outOfRange ||
    status === grpc.unimplemented
  ) {
    return 'final'
  }
  return 'unknown'
}
