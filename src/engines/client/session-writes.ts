import type { SessionId } from '../../foundation/ids.ts'
import { mark } from '../../foundation/marks.ts'
import { Queue } from '../../foundation/queue.ts'
import { encodeCommand } from '../../wire/command/codec.ts'
import type { Command, CommandResult } from '../../wire/command/command.ts'
import { type Call, type CallParts, type ParkedCall, unexpected } from './call.ts'
import { type Session, SessionKeeper } from './session.ts'
import { sessionExpired } from './settle.ts'

/** A session remembers the responses of what is in flight: more writes wait in line. */
const WRITES_IN_FLIGHT_MAX = 8_192

/** What tells a write apart from a retry of it. */
export interface WritePlace {
  readonly session: SessionId
  readonly sequence: number
  readonly lowWater: number
}

export interface SessionWrite {
  /** Made anew for each attempt. */
  command(place: WritePlace): Command
  /** Ends the call, by every result but an expired session. */
  settle(result: CommandResult): void
}

/** Writes that the cluster tells apart by session and sequence number, so that each happens once. */
export class SessionWrites {
  readonly #sessions: SessionKeeper
  readonly #line = new Queue<ParkedCall>()
  #inFlight = 0
  #isLettingGo = false

  constructor(parts: CallParts) {
    this.#sessions = new SessionKeeper(parts)
  }

  send<Value>(call: Call<Value>, write: SessionWrite): void {
    this.#sessions.use(call as Call<unknown>, (session) => {
      if (this.#inFlight < WRITES_IN_FLIGHT_MAX) return this.#send(call, write, session)
      this.#line.push(
        call.park(
          () => this.send(call, write),
          () => `${WRITES_IN_FLIGHT_MAX} writes of this client are under way already`,
        ),
      )
    })
  }

  #send<Value>(call: Call<Value>, write: SessionWrite, session: Session): void {
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
        command: encodeCommand(write.command({ session: id, sequence, lowWater: window.lowWater })),
      }),
      (response) => {
        if (response.status !== 'command') return call.fail(unexpected(response))
        if (response.result.kind !== 'session-expired') return write.settle(response.result)
        this.#sessions.expired(session)
        // It may have run under this session, and nobody can tell any more.
        if (call.attempts > attemptsBefore + 1) return call.fail(sessionExpired())
        mark('client/session-reopened')
        call.endStage()
        this.send(call, write)
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
