import type { Request, Response } from '../../wire/parcel/parcel.ts'

/** How a client's requests reach a cluster: over the network, or straight into the node of this process. */
export interface Transport {
  /**
   * Sends one request. `done` comes exactly once, within about `timeoutMs`: with the answer, or with an error response
   * of ours when none came (`unknown` when the request may have been received).
   */
  request(request: Request, timeoutMs: number, done: (response: Response) => void): void
  close(): void
}
