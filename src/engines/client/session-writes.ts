import { mark } from '../../foundation/marks.ts'
import { Queue } from '../../foundation/queue.ts'
import type { CommitResult, Transaction } from '../../ports/key-value/key-value-store.ts'
import { encodeCommand } from '../../wire/command/codec.ts'
import { type Call, type CallParts, type ParkedCall, unexpected } from './call.ts'
import { type Session, SessionKeeper } from './session.ts'
import { sessionExpired, settle } from './settle.ts'

/** A session remembers the responses of what is in flight: more writes wait in line. */
const WRITES_IN_FLIGHT_MAX = 8_192

/** Writes that the cluster tells apart by session and sequence number, so that each happens once. */
export class SessionWrites {
  readonly #sessions: SessionKeeper
  readonly #line = new Queue<ParkedCall>()
  #inFlight = 0
  #isLettingGo = false

  constructor(parts: CallParts) {
    this.#sessions = new SessionKeeper(parts)
  }

  commit(call: Call<CommitResult>, transaction: Transaction): void {
    this.#sessions.use(call as Call<unknown>, (session) => {
      if (this.#inFlight < WRITES_IN_FLIGHT_MAX) return this.#send(call, transaction, session)
      this.#line.push(
        call.park(
          () => this.commit(call, transaction),
          () => `${WRITES_IN_FLIGHT_MAX} writes of this client are under way already`,
        ),
      )
    })
  }

  #send(call: Call<CommitResult>, transaction: Transaction, session: Session): void {
    const { comparisons = [], operations } = transaction
    const { id, window } = session
    const sequence = window.take()
    this.#inFlight++
    call.onEnd(() => {
      window.release(sequence)
      this.#inFlight--
      this.#letGo()
    })
    const attemptsBefore = call.attempts
    call.send(
      () => ({
        kind: 'command',
        command: encodeCommand({
          kind: 'commit',
          logTimeMs: 0,
          session: id,
          sequence,
          lowWater: window.lowWater,
          idempotencyKey: '',
          comparisons,
          operations,
        }),
      }),
      (response) => {
        if (response.status !== 'command') return call.fail(unexpected(response))
        if (response.result.kind !== 'session-expired') return settle(call, response.result)
        this.#sessions.expired(session)
        // It may have run under this session, and nobody can tell any more.
        if (call.attempts > attemptsBefore + 1) return call.fail(sessionExpired())
        mark('client/session-reopened')
        call.endStage()
        this.commit(call, transaction)
      },
    )
  }

  /** Writes in line go on while there is room. In a loop: each may end at once, and so make room for the next. */
  #letGo(): void {
    if (this.#isLettingGo) return
    this.#isLettingGo = true
    while (this.#inFlight < WRITES_IN_FLIGHT_MAX && this.#line.size > 0) this.#line.shift()!.goOn()
    this.#isLettingGo = false
  }
}
