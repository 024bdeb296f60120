import type { LeaseId } from '../../foundation/ids.ts'
import { mark } from '../../foundation/marks.ts'
import { encodeCommand } from '../../wire/command/codec.ts'
import { Call, type CallParts, type Done, unexpected } from './call.ts'
import { aliveUntil, type GrantedLease } from './kept-lease.ts'
import type { SessionWrites } from './session-writes.ts'
import { settleRefused } from './settle.ts'

/** What a client asks the cluster about leases, one call each. */
export class LeaseCalls {
  readonly #parts: CallParts
  readonly #writes: SessionWrites

  constructor(parts: CallParts, writes: SessionWrites) {
    this.#parts = parts
    this.#writes = writes
  }

  /** Ends with a lease of which at least half of its time is left. */
  grant(ttlMs: number, timeoutMs: number, done: Done<GrantedLease>): void {
    this.#grant(new Call<GrantedLease>(this.#parts, timeoutMs, done), ttlMs)
  }

  /** Ends with whether it is there and lives on. */
  keep(id: LeaseId, timeoutMs: number, done: Done<boolean>): void {
    const call = new Call<boolean>(this.#parts, timeoutMs, done)
    this.#keep(call, id, (kept) => call.succeed(kept))
  }

  /** Ends with whether there was one. Its keys are removed. */
  end(id: LeaseId, timeoutMs: number, done: Done<boolean>): void {
    const call = new Call<boolean>(this.#parts, timeoutMs, done)
    call.send(
      () => ({ kind: 'command', command: encodeCommand({ kind: 'end-lease', logTimeMs: 0, lease: id }) }),
      (response) => {
        if (response.status !== 'command') return call.fail(unexpected(response))
        if (response.result.kind === 'lease-ended') return call.succeed(response.result.existed)
        settleRefused(call, response.result)
      },
    )
  }

  #grant(call: Call<GrantedLease>, ttlMs: number): void {
    const { clock } = this.#parts.runtime
    let sentMs: number | undefined
    this.#writes.send(call, {
      command: (place) => {
        sentMs ??= clock.monotonicMs()
        return { kind: 'grant-lease', logTimeMs: 0, ...place, ttlMs }
      },
      settle: (result) => {
        if (result.kind !== 'lease-granted') return settleRefused(call, result)
        const granted = { id: result.lease, token: result.token, ttlMs }
        this.#handOver(call, { ...granted, aliveUntilMs: aliveUntil(sentMs!, ttlMs) })
      },
    })
  }

  /** A grant that was long on its way may be over already: it is kept alive first, or another one taken. */
  #handOver(call: Call<GrantedLease>, granted: GrantedLease): void {
    const { clock } = this.#parts.runtime
    const sentMs = clock.monotonicMs()
    if (granted.aliveUntilMs - sentMs >= granted.ttlMs / 2) return call.succeed(granted)
    mark('client/grant-kept-before-use')
    call.endStage()
    this.#keep(call, granted.id, (kept) => {
      if (!kept) return this.#grant(call, granted.ttlMs)
      this.#handOver(call, { ...granted, aliveUntilMs: aliveUntil(sentMs, granted.ttlMs) })
    })
  }

  #keep<Value>(call: Call<Value>, id: LeaseId, answered: (kept: boolean) => void): void {
    call.send(
      () => ({
        kind: 'command',
        command: encodeCommand({ kind: 'keep-leases', logTimeMs: 0, leases: [id] }),
      }),
      (response) => {
        if (response.status !== 'command') return call.fail(unexpected(response))
        if (response.result.kind === 'leases-kept') return answered(response.result.kept[0] === true)
        settleRefused(call, response.result)
      },
    )
  }
}
