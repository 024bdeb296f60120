import { DureError, type ErrorCode } from '../../foundation/errors.ts'
import type { CallOptions } from '../../ports/key-value/key-value-store.ts'

const TIMEOUT_MS = 5_000

/**
 * One call of a user, from its beginning to its end, over as many requests and attempts as it takes. It remembers
 * whether what it wants may have happened; then no later refusal makes it `failed`.
 */
export class Call {
  readonly timeoutMs: number
  readonly #deadlineMs: number
  #interrupted: DureError | undefined
  #interruptWait: ((error: DureError) => void) | undefined
  /** What it wants may have happened. */
  isUnknown = false
  /** What the last attempt met with. */
  problem = 'no member of etcd answered'

  constructor(timeoutMs: number = TIMEOUT_MS) {
    this.timeoutMs = timeoutMs
    this.#deadlineMs = performance.now() + timeoutMs
  }

  get leftMs(): number {
    return this.#deadlineMs - performance.now()
  }

  /** Ends what it waits for, now or next. */
  interrupt(code: 'aborted' | 'closed', message: string, cause?: unknown): void {
    if (this.#interrupted !== undefined) return
    this.#interrupted = new DureError(code, message, { cause })
    this.#interruptWait?.(this.#interrupted)
  }

  /**
   * Waits for what `start` begins, at most `limitMs`; undefined when that passed. `start` answers with a function that
   * gives up, called when the wait ends without it.
   */
  wait<Value>(
    limitMs: number,
    start: (resolve: (value: Value) => void) => () => void,
  ): Promise<Value | undefined> {
    if (this.#interrupted !== undefined) return Promise.reject(this.#withOutcome(this.#interrupted))
    return new Promise((resolve, reject) => {
      let isOver = false
      const finish = (then: () => void): void => {
        if (isOver) return
        isOver = true
        clearTimeout(timer)
        this.#interruptWait = undefined
        then()
      }
      const timer = setTimeout(
        () => {
          giveUp()
          finish(() => resolve(undefined))
        },
        Math.max(0, limitMs),
      )
      this.#interruptWait = (error) => {
        giveUp()
        finish(() => reject(this.#withOutcome(error)))
      }
      let giveUp = () => {}
      giveUp = start((value) => finish(() => resolve(value)))
    })
  }

  /** The result of something that others wait for too; undefined at the deadline. */
  waitForShared<Value>(
    shared: Promise<Value>,
  ): Promise<{ readonly value: Value } | { readonly error: unknown } | undefined> {
    return this.wait(this.leftMs, (resolve) => {
      shared.then(
        (value) => resolve({ value }),
        (error: unknown) => resolve({ error }),
      )
      return () => {}
    })
  }

  pause(delayMs: number): Promise<undefined> {
    return this.wait<undefined>(Math.min(delayMs, this.leftMs), () => () => {})
  }

  /** An error of this call: `unknown` when what it wants may have happened. */
  error(
    code: ErrorCode,
    message: string,
    options: { readonly retryable?: boolean; readonly cause?: unknown } = {},
  ): DureError {
    return new DureError(code, message, { ...options, outcome: this.isUnknown ? 'unknown' : 'failed' })
  }

  outOfTime(): DureError {
    const message = `the call did not end within ${Math.round(this.timeoutMs)} ms: ${this.problem}`
    return this.error('timeout', message, { retryable: true })
  }

  #withOutcome({ code, message, cause }: DureError): DureError {
    return this.error(code, message, { cause })
  }
}

/** The calls of one store: what closes them, and what they are told when their signal fires. */
export class Calls {
  readonly #open = new Set<Call>()
  readonly #idle: (() => void)[] = []
  #isClosed = false

  get isClosed(): boolean {
    return this.#isClosed
  }

  async run<Result>(
    options: CallOptions | undefined,
    body: (call: Call) => Promise<Result>,
  ): Promise<Result> {
    if (this.#isClosed) throw new DureError('closed', 'the store was closed before this call')
    const signal = options?.signal
    if (signal?.aborted === true) throw aborted(signal)
    const call = new Call(options?.timeoutMs)
    const abort = (): void => call.interrupt('aborted', 'the signal fired during this call', signal?.reason)
    signal?.addEventListener('abort', abort)
    this.#open.add(call)
    try {
      return await body(call)
    } finally {
      signal?.removeEventListener('abort', abort)
      this.#open.delete(call)
      if (this.#open.size === 0) for (const tell of this.#idle.splice(0)) tell()
    }
  }

  /** Later calls are refused at once; those in progress are given `timeoutMs` to end. */
  async close(timeoutMs: number): Promise<void> {
    this.#isClosed = true
    if (this.#open.size === 0) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs)
      this.#idle.push(() => {
        clearTimeout(timer)
        resolve()
      })
    })
    for (const call of this.#open) call.interrupt('closed', 'the store was closed during this call')
  }
}

export const aborted = (signal: AbortSignal): DureError =>
  new DureError('aborted', 'the signal fired before this call took effect', { cause: signal.reason })
