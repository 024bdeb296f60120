import { DureError } from '../../foundation/errors.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import type { ErrorResponse, Request, Response } from '../../wire/parcel/parcel.ts'
import type { Transport } from './transport.ts'

export type Done<Value> = (error: DureError | undefined, value: Value | undefined) => void

/** What the calls of one client share. */
export interface CallParts {
  readonly runtime: Runtime
  transport: Transport
  isClosed: boolean
}

/** One attempt waits no longer than this before the next one asks elsewhere. */
export const ATTEMPT_MS_MAX = 1_000
const RETRY_DELAY_MS = 10
const RETRY_DELAY_MS_MAX = 200

/**
 * One call of a client, from its beginning to its one end: attempts until an answer that is final, or the deadline. It
 * remembers whether any attempt may have happened; then no later refusal makes it `failed`.
 */
export class Call<Value> {
  readonly #parts: CallParts
  readonly #timeoutMs: number
  readonly #deadlineMs: number
  readonly #done: Done<Value>
  #attempts = 0
  #isUnknown = false
  #problem: string | undefined
  #atEnd: (() => void) | undefined

  constructor(parts: CallParts, timeoutMs: number, done: Done<Value>) {
    this.#parts = parts
    this.#timeoutMs = timeoutMs
    this.#deadlineMs = parts.runtime.clock.monotonicMs() + timeoutMs
    this.#done = done
  }

  get attempts(): number {
    return this.#attempts
  }

  /** Some attempt may have happened. */
  get isUnknown(): boolean {
    return this.#isUnknown
  }

  /** What the last attempt met with. */
  get problem(): string | undefined {
    return this.#problem
  }

  /** Runs once, right before the call ends or `endStage` is called. */
  onEnd(run: () => void): void {
    this.#atEnd = run
  }

  /** What was set up for the attempts so far is over; the call goes on. */
  endStage(): void {
    const run = this.#atEnd
    this.#atEnd = undefined
    run?.()
  }

  succeed(value: Value): void {
    this.endStage()
    this.#done(undefined, value)
  }

  fail(error: DureError): void {
    this.endStage()
    this.#done(error, undefined)
  }

  /** `answered` gets everything but errors that are worth another attempt. */
  send(makeRequest: () => Request, answered: (response: Response) => void): void {
    const { runtime, transport, isClosed } = this.#parts
    if (isClosed) return this.fail(this.#error('closed', 'the client was closed'))
    const leftMs = this.#deadlineMs - runtime.clock.monotonicMs()
    if (leftMs <= 0) return this.fail(this.#outOfTime(undefined))
    const attemptMs = Math.min(leftMs, ATTEMPT_MS_MAX * 2 ** this.#attempts)
    this.#attempts++
    transport.request(makeRequest(), attemptMs, (response) => {
      if (response.status !== 'error') return answered(response)
      if (response.outcome === 'unknown') this.#isUnknown = true
      this.#problem = response.message
      const delayMs = Math.max(response.retryAfterMs, this.#retryDelayMs())
      const isInTime = runtime.clock.monotonicMs() + delayMs < this.#deadlineMs
      if (!response.retryable || !isInTime || this.#parts.isClosed) return this.fail(this.#refused(response))
      runtime.timer(delayMs, () => this.send(makeRequest, answered))
    })
  }

  /**
   * Waits, not sent, until somebody lets it go on or fails it; at its deadline it ends by itself. `problem` then says
   * what it has been waiting for.
   */
  park(goOn: () => void, problem: () => string | undefined, gaveUp: () => void = () => {}): ParkedCall {
    const { runtime } = this.#parts
    let isOver = false
    const timer = runtime.timer(Math.max(0, this.#deadlineMs - runtime.clock.monotonicMs()), () => {
      isOver = true
      gaveUp()
      this.fail(this.#outOfTime(problem()))
    })
    const finish = (then: () => void): void => {
      if (isOver) return
      isOver = true
      timer.cancel()
      then()
    }
    return { goOn: () => finish(goOn), fail: (error) => finish(() => this.fail(error)) }
  }

  #retryDelayMs(): number {
    const most = Math.min(RETRY_DELAY_MS * 2 ** this.#attempts, RETRY_DELAY_MS_MAX)
    return most * (0.5 + this.#parts.runtime.random.next() / 2)
  }

  #outOfTime(problem: string | undefined): DureError {
    const reason = problem ?? this.#problem ?? 'no node answered'
    return this.#error('timeout', `the call did not end within ${Math.round(this.#timeoutMs)} ms: ${reason}`)
  }

  #refused({ code, message, outcome, retryable, retryAfterMs }: ErrorResponse): DureError {
    return new DureError(code, message, {
      outcome: this.#isUnknown ? 'unknown' : outcome,
      retryable,
      ...(retryAfterMs > 0 && { retryAfterMs }),
    })
  }

  #error(code: 'closed' | 'timeout', message: string): DureError {
    return new DureError(code, message, {
      outcome: this.#isUnknown ? 'unknown' : 'failed',
      retryable: code === 'timeout',
    })
  }
}

export interface ParkedCall {
  goOn(): void
  fail(error: DureError): void
}

/** An answer that is none to this request: a node of another mind. */
export const unexpected = (response: Response): DureError =>
  new DureError(
    'protocol',
    `the node answered with '${response.status}', which is no answer to this request`,
    {
      outcome: 'unknown',
    },
  )
