import { assert, unreachable } from '../../foundation/assert.ts'
import { DureError, type ErrorCode } from '../../foundation/errors.ts'
import { type SessionId, sessionId } from '../../foundation/ids.ts'
import { mark } from '../../foundation/marks.ts'
import { Queue } from '../../foundation/queue.ts'
import type { CommitResult, Stored, StoredRow, Transaction } from '../../ports/key-value/key-value-store.ts'
import { absent } from '../../ports/key-value/version.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { encodeCommand } from '../../wire/command/codec.ts'
import type { CommandResult } from '../../wire/command/command.ts'
import type { Consistency, ErrorResponse, Request, Response } from '../../wire/parcel/parcel.ts'
import { SequenceWindow } from './sequence-window.ts'
import type { Transport } from './transport.ts'

export type Done<Value> = (error: DureError | undefined, value: Value | undefined) => void

export interface Page {
  readonly rows: readonly StoredRow[]
  readonly next: Uint8Array | undefined
  /** To be given with the request for the next page. */
  readonly snapshot: number
}

export interface PageRequest {
  readonly from: Uint8Array
  readonly to: Uint8Array | undefined
  readonly limit: number
  readonly consistency: Consistency
  readonly snapshot: number
}

/** One attempt waits no longer than this before the next one asks elsewhere. */
const ATTEMPT_MS_MAX = 1_000
/** A session remembers the responses of what is in flight: more wait here, in order. */
const WRITES_IN_FLIGHT_MAX = 8_192
const OPEN_MS_MAX = 5_000
const RETRY_DELAY_MS = 10
const RETRY_DELAY_MS_MAX = 200

/**
 * The client of a cluster, with callbacks: opens a session, numbers its writes, retries what may be retried until the
 * deadline, and tells `failed` from `unknown`. `ClientStore` puts promises around it.
 *
 * A write carries the same `(session, sequence)` in every attempt, so it happens once. What one attempt leaves
 * unknown, a later attempt may settle; without that, the whole call is unknown.
 */
export class Client {
  readonly #runtime: Runtime
  readonly #transport: Transport
  #session: SessionId = sessionId(0)
  #window = new SequenceWindow()
  /** Calls that wait for the session that is being opened. */
  readonly #waiting = new Set<Waiting>()
  #writesInFlight = 0
  readonly #queued = new Queue<Waiting>()
  #isLettingGo = false
  #opening: Call<SessionId> | undefined
  #isClosed = false
  #openCalls = 0

  constructor(runtime: Runtime, transport: Transport) {
    this.#runtime = runtime
    this.#transport = transport
  }

  /** Calls that have not ended yet. */
  get openCalls(): number {
    return this.#openCalls
  }

  get(key: Uint8Array, consistency: Consistency, timeoutMs: number, done: Done<Stored>): void {
    const call = this.#begin(timeoutMs, done)
    this.#attempt(
      call,
      () => ({ kind: 'get', key, consistency }),
      (response) => {
        if (response.status !== 'value') return this.#end(call, unexpected(response), undefined)
        const { value, version } = response
        const stored: Stored =
          value === undefined ? { exists: false, value, version: absent } : { exists: true, value, version }
        this.#end(call, undefined, stored)
      },
    )
  }

  page(request: PageRequest, timeoutMs: number, done: Done<Page>): void {
    const call = this.#begin(timeoutMs, done)
    this.#attempt(
      call,
      () => ({ kind: 'range', ...request }),
      (response) => {
        if (response.status !== 'rows') return this.#end(call, unexpected(response), undefined)
        this.#end(call, undefined, response)
      },
    )
  }

  /** Lets the snapshot of an unfinished range go; best effort. */
  endRange(snapshot: number): void {
    if (!this.#isClosed) this.#transport.request({ kind: 'end-range', snapshot }, ATTEMPT_MS_MAX, () => {})
  }

  /** Asks the node at the other end for its status, as JSON. */
  status(timeoutMs: number, done: Done<string>): void {
    const call = this.#begin(timeoutMs, done)
    this.#attempt(
      call,
      () => ({ kind: 'status' }),
      (response) => {
        if (response.status !== 'json') return this.#end(call, unexpected(response), undefined)
        this.#end(call, undefined, response.json)
      },
    )
  }

  commit(transaction: Transaction, timeoutMs: number, done: Done<CommitResult>): void {
    const call = this.#begin(timeoutMs, done)
    if (transaction.idempotencyKey !== undefined)
      this.#commitWithKey(call, transaction, transaction.idempotencyKey)
    else this.#withSession(call, () => this.#commitInSession(call, transaction))
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#transport.close()
  }

  #begin<Value>(timeoutMs: number, done: Done<Value>): Call<Value> {
    this.#openCalls++
    return {
      deadlineMs: this.#runtime.clock.monotonicMs() + timeoutMs,
      timeoutMs,
      attempts: 0,
      isUnknown: false,
      problem: undefined,
      done,
    }
  }

  #end<Value>(call: Call<Value>, error: DureError | undefined, value: Value | undefined): void {
    this.#openCalls--
    call.done(error, value)
  }

  #commitWithKey(call: Call<CommitResult>, transaction: Transaction, idempotencyKey: string): void {
    const { comparisons = [], operations } = transaction
    this.#attempt(
      call,
      () => ({
        kind: 'command',
        command: encodeCommand({
          kind: 'commit',
          logTimeMs: 0,
          session: sessionId(0),
          sequence: 0,
          lowWater: 0,
          idempotencyKey,
          comparisons,
          operations,
        }),
      }),
      (response) => {
        if (response.status !== 'command') return this.#end(call, unexpected(response), undefined)
        this.#settle(call, response.result)
      },
    )
  }

  #commitInSession(call: Call<CommitResult>, transaction: Transaction): void {
    const { comparisons = [], operations } = transaction
    if (this.#writesInFlight >= WRITES_IN_FLIGHT_MAX) {
      const goOn = () => this.#withSession(call, () => this.#commitInSession(call, transaction))
      return this.#queued.push(this.#waiter(call, goOn, () => {}))
    }
    this.#writesInFlight++
    const session = this.#session
    const window = this.#window
    const sequence = window.take()
    const release = (): void => {
      window.release(sequence)
      this.#writesInFlight--
      this.#letGo()
    }
    const ended: Call<CommitResult> = {
      ...call,
      done: (error, value) => {
        release()
        call.done(error, value)
      },
    }
    this.#attempt(
      ended,
      () => ({
        kind: 'command',
        command: encodeCommand({
          kind: 'commit',
          logTimeMs: 0,
          session,
          sequence,
          lowWater: window.lowWater,
          idempotencyKey: '',
          comparisons,
          operations,
        }),
      }),
      (response) => {
        if (response.status !== 'command') return this.#end(ended, unexpected(response), undefined)
        if (response.result.kind !== 'session-expired') return this.#settle(ended, response.result)
        // Nobody else can answer for this session any more: the next call opens a new one.
        if (this.#session === session) this.#session = sessionId(0)
        release()
        // Never attempted before: it certainly did not run, so it may run under a new session.
        if (ended.attempts === 1) {
          mark('client/session-reopened')
          return this.#withSession(call, () => this.#commitInSession(call, transaction))
        }
        this.#end(call, sessionExpired(), undefined)
      },
    )
  }

  #settle(call: Call<CommitResult>, result: CommandResult): void {
    switch (result.kind) {
      case 'committed':
        if (call.isUnknown) mark('client/unknown-settled-by-retry')
        return this.#end(call, undefined, {
          committed: true,
          version: result.version,
          existed: result.existed,
        })
      case 'comparison-failed':
        return this.#end(call, undefined, { committed: false, found: result.found })
      case 'session-expired':
        return this.#end(call, sessionExpired(), undefined)
      case 'token-reused':
        return this.#end(
          call,
          new DureError(
            'invalid',
            'this idempotency key was used for another request within the last hour: choose a new key for a new request',
          ),
          undefined,
        )
      case 'overloaded':
        return this.#end(
          call,
          new DureError('overloaded', 'the cluster keeps as many idempotency records as it may: slow down', {
            retryable: true,
            outcome: call.isUnknown ? 'unknown' : 'failed',
            retryAfterMs: 1_000,
          }),
          undefined,
        )
      case 'invalid':
        return this.#end(call, new DureError('invalid', result.message), undefined)
      case 'session-opened':
        return this.#end(call, new DureError('protocol', 'a commit was answered by a session'), undefined)
      default:
        return unreachable(result)
    }
  }

  #withSession<Value>(call: Call<Value>, run: () => void): void {
    if (this.#session !== 0) return run()
    const waiting = this.#waiter(call, run, () => this.#waiting.delete(waiting))
    this.#waiting.add(waiting)
    if (this.#opening === undefined) this.#openSession()
  }

  /** A call that has not been sent and is to go on later; by its deadline it ends by itself. */
  #waiter<Value>(call: Call<Value>, run: () => void, timedOut: () => void): Waiting {
    let isOver = false
    const leftMs = Math.max(0, call.deadlineMs - this.#runtime.clock.monotonicMs())
    const timer = this.#runtime.timer(leftMs, () => {
      isOver = true
      timedOut()
      const problem = this.#opening?.problem ?? call.problem
      this.#end(call, outOfTime({ ...call, problem }), undefined)
    })
    const finish = (then: () => void): void => {
      if (isOver) return
      isOver = true
      timer.cancel()
      then()
    }
    return { run: () => finish(run), fail: (error) => finish(() => this.#end(call, error, undefined)) }
  }

  /** Queued writes go on while there is room. In a loop: each may end at once, and so make room for the next. */
  #letGo(): void {
    if (this.#isLettingGo) return
    this.#isLettingGo = true
    while (this.#writesInFlight < WRITES_IN_FLIGHT_MAX && this.#queued.size > 0) this.#queued.shift()!.run()
    this.#isLettingGo = false
  }

  /** One session for all calls that wait. Each of them keeps its own deadline, however long it takes. */
  #openSession(problem?: string): void {
    const opening: Call<SessionId> = this.#begin(OPEN_MS_MAX, (error, session) => {
      this.#opening = undefined
      const goesOn = error?.retryable === true && error.code !== 'overloaded'
      if (goesOn && this.#waiting.size > 0) return this.#openSession(error.message)
      const waiting = [...this.#waiting]
      this.#waiting.clear()
      if (session !== undefined) {
        this.#session = session
        this.#window = new SequenceWindow()
        for (const { run } of waiting) run()
      } else {
        assert(error !== undefined, 'opening a session ends with a session or an error')
        for (const { fail } of waiting) fail(noSession(error.code, error.message))
      }
    })
    opening.problem = problem
    this.#opening = opening
    const command = encodeCommand({ kind: 'open-session', logTimeMs: 0 })
    this.#attempt(
      opening,
      () => ({ kind: 'command', command: command.slice() }),
      (response) => {
        if (response.status !== 'command') return this.#end(opening, unexpected(response), undefined)
        if (response.result.kind === 'session-opened')
          return this.#end(opening, undefined, response.result.session)
        const full = noSession(
          'overloaded',
          'the cluster has as many sessions as it may: close clients that are done',
        )
        this.#end(opening, full, undefined)
      },
    )
  }

  /** Sends until an answer that is final, or the deadline. `answered` gets everything but errors worth a retry. */
  #attempt<Value>(
    call: Call<Value>,
    makeRequest: () => Request,
    answered: (response: Response) => void,
  ): void {
    if (this.#isClosed) return this.#end(call, new DureError('closed', 'the client was closed'), undefined)
    const leftMs = call.deadlineMs - this.#runtime.clock.monotonicMs()
    if (leftMs <= 0) return this.#end(call, outOfTime(call), undefined)
    call.attempts++
    this.#transport.request(
      makeRequest(),
      Math.min(leftMs, ATTEMPT_MS_MAX * 2 ** (call.attempts - 1)),
      (response) => {
        if (response.status !== 'error') return answered(response)
        if (response.outcome === 'unknown') call.isUnknown = true
        call.problem = response.message
        const delayMs = Math.max(response.retryAfterMs, this.#retryDelayMs(call.attempts))
        const now = this.#runtime.clock.monotonicMs()
        if (response.retryable && !this.#isClosed && now + delayMs < call.deadlineMs) {
          this.#runtime.timer(delayMs, () => this.#attempt(call, makeRequest, answered))
        } else {
          this.#end(call, finalError(call, response), undefined)
        }
      },
    )
  }

  #retryDelayMs(attempts: number): number {
    const most = Math.min(RETRY_DELAY_MS * 2 ** attempts, RETRY_DELAY_MS_MAX)
    return most * (0.5 + this.#runtime.random.next() / 2)
  }
}

interface Call<Value> {
  readonly deadlineMs: number
  readonly timeoutMs: number
  attempts: number
  /** Some attempt may have happened. */
  isUnknown: boolean
  /** What the last attempt met with. */
  problem: string | undefined
  readonly done: Done<Value>
}

function outOfTime({
  isUnknown,
  timeoutMs,
  problem,
}: Pick<Call<never>, 'isUnknown' | 'timeoutMs' | 'problem'>) {
  const reason = problem === undefined ? 'no node answered' : problem
  return new DureError('timeout', `the call did not end within ${Math.round(timeoutMs)} ms: ${reason}`, {
    outcome: isUnknown ? 'unknown' : 'failed',
    retryable: true,
  })
}

interface Waiting {
  run(): void
  fail(error: DureError): void
}

/** The write was never sent, so it certainly did not happen. */
const noSession = (code: ErrorCode, message: string): DureError =>
  new DureError(code, message, { retryable: true })

function finalError(call: { readonly isUnknown: boolean }, response: ErrorResponse): DureError {
  return new DureError(response.code, response.message, {
    outcome: call.isUnknown ? 'unknown' : response.outcome,
    retryable: response.retryable,
    ...(response.retryAfterMs > 0 && { retryAfterMs: response.retryAfterMs }),
  })
}

const sessionExpired = (): DureError =>
  new DureError(
    'session-expired',
    'the record of this write is gone, so it cannot be told whether an earlier attempt happened: read to find out',
    { outcome: 'unknown' },
  )

const unexpected = (response: Response): DureError =>
  new DureError(
    'protocol',
    `the node answered with '${response.status}', which is no answer to this request`,
    {
      outcome: 'unknown',
    },
  )
