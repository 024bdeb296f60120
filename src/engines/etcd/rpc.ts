import { DureError } from '../../foundation/errors.ts'
import type { Call } from './call.ts'
import type { Connection } from './connection/connection.ts'
import type { Connections } from './connection/connections.ts'
import { type Ended, judge } from './connection/grpc-status.ts'
import { NotSucceeded } from './connection/identity.ts'
import { refusal } from './connection/refusal.ts'

/** One attempt waits no longer than this before the next one asks elsewhere; twice as long each time. */
const ATTEMPT_MS_MAX = 1_000
const RETRY_DELAY_MS = 10
const RETRY_DELAY_MS_MAX = 200
/** Password, then certificate: more often than that it is no matter of an old token. */
const LOG_INS_MAX = 3

export interface RequestOptions {
  /** It does what the call wants: while it is on its way the call's outcome is unknown. */
  readonly effect?: boolean
  /** Not safe to repeat: when it may have happened the call ends. */
  readonly once?: boolean
}

/** Requests that are repeated, here and at other members, until an answer or the deadline of their call. */
export class Rpc {
  readonly connections: Connections

  constructor(connections: Connections) {
    this.connections = connections
  }

  /** The body of the answer. Throws a `DureError`; `Refused` for what etcd will not do. */
  async request(
    call: Call,
    path: string,
    message: Buffer,
    options: RequestOptions = {},
  ): Promise<Uint8Array> {
    const isEffect = options.effect === true
    let logIns = 0
    for (let attempt = 0; ; attempt++) {
      const connection = this.connections.inUse ?? (await this.#connect(call))
      const leftMs = call.leftMs
      if (leftMs <= 0) throw call.outOfTime()
      const attemptMs = options.once === true ? leftMs : Math.min(leftMs, ATTEMPT_MS_MAX * 2 ** attempt)
      const { token } = this.connections
      const wasUnknown = call.isUnknown
      if (isEffect) call.isUnknown = true
      const ended = await call.wait<Ended>(attemptMs, (resolve) =>
        connection.call(path, message, attemptMs, token, resolve),
      )
      if (ended === undefined) {
        call.problem = `${connection.endpoint.authority} did not answer in ${Math.round(attemptMs)} ms`
        this.connections.moveOn(connection)
        if (options.once === true) throw call.outOfTime()
        continue
      }
      const verdict = judge(ended)
      if (isEffect && verdict !== 'unknown') call.isUnknown = wasUnknown
      if (verdict === 'ok') return ended.body
      call.problem = ended.message
      if (verdict === 'final') throw new Refused(ended, call)
      if (verdict === 'log-in') {
        if (!this.connections.canLogIn || logIns === LOG_INS_MAX) throw new Refused(ended, call)
        const failure = await this.#logIn(call, connection, token)
        if (failure === undefined) {
          logIns++
        } else {
          call.problem = failure.message
          if (judge(failure) === 'final') throw new Refused(failure, call)
          this.connections.moveOn(connection)
          await this.#pause(call, attempt, failure)
        }
        continue
      }
      if (verdict === 'unknown' && options.once === true && isEffect) throw new Refused(ended, call)
      // A member that is asked too much is asked again, and no other: it is the leader that cannot keep up.
      if (!/too many requests/.test(ended.message)) this.connections.moveOn(connection)
      await this.#pause(call, attempt, ended)
    }
  }

  async #connect(call: Call) {
    for (let attempt = 0; ; attempt++) {
      const connected = await call.waitForShared(this.connections.connect())
      if (connected === undefined) {
        call.problem = this.connections.problem ?? call.problem
        throw call.outOfTime()
      }
      if ('value' in connected) return connected.value
      const { error } = connected
      if (!(error instanceof DureError)) throw error
      call.problem = error.message
      if (!error.retryable) throw call.error(error.code, error.message, { cause: error })
      const delayMs = retryDelayMs(attempt)
      if (call.leftMs <= delayMs) throw call.error('unavailable', error.message, { retryable: true })
      await call.pause(delayMs)
    }
  }

  /** What became of the login instead of success: a member may be too busy for it. */
  async #logIn(call: Call, connection: Connection, refused: string | undefined): Promise<Ended | undefined> {
    const done = await call.waitForShared(this.connections.logIn(connection, refused))
    if (done === undefined) throw call.outOfTime()
    if ('value' in done) return undefined
    if (done.error instanceof NotSucceeded) return done.error.ended
    throw done.error
  }

  async #pause(call: Call, attempt: number, ended: Ended): Promise<void> {
    const delayMs = retryDelayMs(attempt)
    if (call.leftMs <= delayMs) throw refusal(ended, call.isUnknown ? 'unknown' : 'failed')
    await call.pause(delayMs)
  }
}

/** What etcd refused for good, with its own words for those who know a way on. */
export class Refused extends DureError {
  readonly ended: Ended

  constructor(ended: Ended, call: Call) {
    const { code, message, outcome, retryable } = refusal(ended, call.isUnknown ? 'unknown' : 'failed')
    super(code, message, { outcome, retryable })
    this.ended = ended
  }
}

function retryDelayMs(attempt: number): number {
  const most = Math.min(RETRY_DELAY_MS * 2 ** Math.min(attempt, 10), RETRY_DELAY_MS_MAX)
  return most * (0.5 + Math.random() / 2)
}
