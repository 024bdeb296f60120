import type { ErrorCode, Outcome } from '../../../foundation/errors.ts'
import { mark } from '../../../foundation/marks.ts'
import type { Runtime } from '../../../runtime/runtime.ts'
import type { Response } from '../../../wire/parcel/parcel.ts'
import { errorResponse } from '../../client/error-response.ts'

export type Reply = (response: Response) => void

/** A request that a node has taken and not answered. */
export interface OpenRequest {
  readonly reply: Reply
  readonly deadlineMs: number
  /** What a timeout would mean: `unknown` once a write may have reached the log of any node. */
  outcomeOnTimeout: Outcome
}

const SWEEP_INTERVAL_MS = 50

/** Every request is answered exactly once: by its result, or by its deadline. */
export class OpenRequests {
  readonly #runtime: Runtime
  readonly #open = new Set<OpenRequest>()
  #isSweeping = false

  constructor(runtime: Runtime) {
    this.#runtime = runtime
  }

  get size(): number {
    return this.#open.size
  }

  add(reply: Reply, timeoutMs: number): OpenRequest {
    const deadlineMs = this.#runtime.clock.monotonicMs() + timeoutMs
    const request: OpenRequest = { reply, deadlineMs, outcomeOnTimeout: 'failed' }
    this.#open.add(request)
    if (!this.#isSweeping) this.#sweepLater()
    return request
  }

  /** Not answered yet. */
  isOpen(request: OpenRequest): boolean {
    return this.#open.has(request)
  }

  /** Answers, unless the deadline already did. */
  finish(request: OpenRequest, response: Response): void {
    if (this.#open.delete(request)) request.reply(response)
  }

  /** Answers everything: the node is closing. */
  finishAll(code: ErrorCode, message: string): void {
    for (const request of [...this.#open]) {
      this.finish(
        request,
        errorResponse(code, message, { outcome: request.outcomeOnTimeout, retryable: true }),
      )
    }
  }

  #sweepLater(): void {
    this.#isSweeping = true
    this.#runtime.timer(SWEEP_INTERVAL_MS, () => {
      this.#isSweeping = false
      const nowMs = this.#runtime.clock.monotonicMs()
      for (const request of this.#open) if (request.deadlineMs <= nowMs) this.#expire(request)
      if (this.#open.size > 0 && !this.#isSweeping) this.#sweepLater()
    })
  }

  #expire(request: OpenRequest): void {
    if (request.outcomeOnTimeout === 'unknown') mark('node/write-outcome-unknown')
    const message =
      request.outcomeOnTimeout === 'unknown'
        ? 'no majority confirmed the write in time: it may have happened or may happen yet; read to find out, or retry with the same token'
        : 'no majority answered in time: nothing was changed; try again, or ask a node that reaches a majority'
    this.finish(
      request,
      errorResponse('timeout', message, { outcome: request.outcomeOnTimeout, retryable: true }),
    )
  }
}
