import type { ErrorResponse, Request, Response } from '../../wire/parcel/parcel.ts'

/** How a client's requests reach a cluster: over the network, or straight into the node of this process. */
export interface Transport {
  /**
   * Sends one request. `done` comes exactly once, within about `timeoutMs`: with the answer, or with an error response
   * of ours when none came (`unknown` when the request may have been received).
   */
  request(request: Request, timeoutMs: number, done: (response: Response) => void): void
  /** Opens a watch on one node. `ended` comes once at most, and not after `end()`. */
  watch(
    request: Extract<Request, { kind: 'watch' }>,
    received: (changes: Extract<Response, { status: 'changes' }>) => void,
    ended: (reason: ErrorResponse) => void,
  ): OpenWatch
  close(): void
}

export interface OpenWatch {
  /** Lets the node send this many bytes more. */
  grant(bytes: number): void
  end(): void
}
