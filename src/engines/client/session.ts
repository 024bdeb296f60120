import { assert } from '../../foundation/assert.ts'
import { DureError, type ErrorCode } from '../../foundation/errors.ts'
import { type SessionId, sessionId } from '../../foundation/ids.ts'
import { encodeCommand } from '../../wire/command/codec.ts'
import { Call, type CallParts, type ParkedCall, unexpected } from './call.ts'
import { SequenceWindow } from './sequence-window.ts'

/** One attempt after the other; while somebody waits there is always another. */
const OPEN_MS_MAX = 5_000

/** A session of a client in the cluster, and the sequence numbers of its writes. */
export interface Session {
  readonly id: SessionId
  readonly window: SequenceWindow
}

/** Opens a session when the first write asks for one, for all that wait; another one when it has expired. */
export class SessionKeeper {
  readonly #parts: CallParts
  readonly #waiting = new Set<ParkedCall>()
  #session: Session | undefined
  #opening: Call<SessionId> | undefined
  /** What kept the last try from opening one. */
  #problem: string | undefined

  constructor(parts: CallParts) {
    this.#parts = parts
  }

  /** Goes on with the session, now or once there is one. Each call that waits keeps its own deadline. */
  use(call: Call<never> | Call<unknown>, goOn: (session: Session) => void): void {
    if (this.#session !== undefined) return goOn(this.#session)
    const parked = call.park(
      () => this.use(call, goOn),
      () => this.#opening?.problem ?? this.#problem,
      () => this.#waiting.delete(parked),
    )
    this.#waiting.add(parked)
    if (this.#opening === undefined) this.#open()
  }

  /** Nobody can answer for it any more: the next call opens another one. */
  expired(session: Session): void {
    if (this.#session === session) this.#session = undefined
  }

  #open(): void {
    const opening = new Call<SessionId>(this.#parts, OPEN_MS_MAX, (error, id) => {
      this.#opening = undefined
      this.#problem = error?.message
      if (id !== undefined) return this.#opened(id)
      assert(error !== undefined, 'opening a session ends with a session or an error')
      const triesAgain = error.retryable && error.code !== 'overloaded' && this.#waiting.size > 0
      if (triesAgain) this.#open()
      else this.#failed(error)
    })
    this.#opening = opening
    opening.send(
      () => ({ kind: 'command', command: encodeCommand({ kind: 'open-session', logTimeMs: 0 }) }),
      (response) => {
        if (response.status !== 'command') return opening.fail(unexpected(response))
        if (response.result.kind === 'session-opened') return opening.succeed(response.result.session)
        opening.fail(
          notSent('overloaded', 'the cluster has as many sessions as it may: close clients that are done'),
        )
      },
    )
  }

  #opened(id: SessionId): void {
    assert(id !== sessionId(0), 'an opened session has an id')
    this.#session = { id, window: new SequenceWindow() }
    for (const parked of this.#takeWaiting()) parked.goOn()
  }

  #failed(error: DureError): void {
    for (const parked of this.#takeWaiting()) parked.fail(notSent(error.code, error.message))
  }

  #takeWaiting(): ParkedCall[] {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    return waiting
  }
}

/** The write was never sent, so it certainly did not happen. */
const notSent = (code: ErrorCode, message: string): DureError =>
  new DureError(code, message, { retryable: true })
