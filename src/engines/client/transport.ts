import type { ChangeBatch } from '../../wire/parcel/change-batch.ts'
import type { ErrorResponse, Request, Response } from '../../wire/parcel/parcel.ts'

/** `sequence` counts the batches of one watch from 1. */
export type WatchReceiver = (sequence: number, batch: ChangeBatch) => void

/** How a client's requests reach a cluster: over the network, or straight into the node of this process. */
export interface Transport {
  /**
   * Sends one request. `done` comes exactly once, within about `timeoutMs`: with the answer, or with an error response
   * of ours when none came (`unknown` when the request may have been received).
   */
  request(request: Request, timeoutMs: number, done: (response: Response) => void): void
  /**
   * Opens a watch on one node. What is received may be late, there twice or missing: its numbers tell. `ended` comes
   * once at most, perhaps before this returns, and not after `end()`.
   */
  watch(
    request: Extract<Request, { kind: 'watch' }>,
    received: WatchReceiver,
    ended: (reason: ErrorResponse) => void,
  ): OpenWatch
  close(): void
}

export interface OpenWatch {
  /** Lets the node send so many bytes in all, since it was opened. */
  allow(allowedBytes: number): void
  /** `isSilent`: the node said nothing for too long, so the next watch should ask another one. */
  end(isSilent?: boolean): void
}
