import { mark } from '../../foundation/marks.ts'
import type { Timer } from '../../runtime/runtime.ts'
import { encodeCommand } from '../../wire/command/codec.ts'
import { ATTEMPT_MS_MAX, Call, type CallParts, unexpected } from './call.ts'
import { aliveUntil, type KeptLease, leaseDoubtful, leaseExpired } from './kept-lease.ts'

/** One command takes little of the state machine's time, so that others get their turn. */
const LEASES_MAX = 1_000
const ATTEMPT_MS_MIN = 50

/**
 * Leases of the same time to live that are kept alive together: due after a third of it, tried again and again until an
 * answer comes or the time is over. While there is silence at least two attempts fit in.
 */
export class LeaseBatch {
  readonly #parts: CallParts
  readonly #ttlMs: number
  readonly #leases = new Set<KeptLease>()
  readonly #onEmpty: () => void
  /** When the first of them would be due. */
  #dueMs: number
  #isSending = false
  #next: Timer
  #end: Timer
  /** When `#end` fires: no lease is over before that. */
  #endMs: number

  constructor(parts: CallParts, first: KeptLease, onEmpty: () => void) {
    this.#parts = parts
    this.#ttlMs = first.ttlMs
    this.#onEmpty = onEmpty
    this.#leases.add(first)
    this.#dueMs = first.aliveUntilMs - (first.ttlMs * 2) / 3
    this.#next = parts.runtime.timer(this.#untilMs(this.#dueMs), () => this.#send())
    this.#endMs = first.aliveUntilMs
    this.#end = parts.runtime.timer(this.#untilMs(this.#endMs), () => this.#runOut())
  }

  /** Whether it could join: it must be due at about the same time. */
  add(lease: KeptLease): boolean {
    const dueMs = lease.aliveUntilMs - (lease.ttlMs * 2) / 3
    const isNear = Math.abs(dueMs - this.#dueMs) <= this.#ttlMs / 12
    if (!isNear || this.#isSending || this.#leases.size === 0 || this.#leases.size >= LEASES_MAX) return false
    this.#leases.add(lease)
    if (lease.aliveUntilMs < this.#endMs) this.#endAt(lease.aliveUntilMs)
    return true
  }

  remove(lease: KeptLease): void {
    if (!this.#leases.delete(lease) || this.#leases.size > 0) return
    this.#next.cancel()
    this.#end.cancel()
    this.#onEmpty()
  }

  #send(): void {
    const { clock } = this.#parts.runtime
    const sentMs = clock.monotonicMs()
    const leases = [...this.#leases]
    this.#isSending = true
    const leftMs = Math.min(...leases.map(({ aliveUntilMs }) => aliveUntilMs)) - sentMs
    const timeoutMs = Math.min(ATTEMPT_MS_MAX, Math.max(ATTEMPT_MS_MIN, leftMs / 3))
    const call = new Call<readonly boolean[]>(this.#parts, timeoutMs, (_, kept) => {
      this.#isSending = false
      if (this.#leases.size === 0) return
      if (kept !== undefined) return this.#kept(leases, kept, sentMs)
      if (this.#parts.isClosed) return
      // What cannot be answered now may be in a moment, by another node.
      this.#next = this.#parts.runtime.timer(ATTEMPT_MS_MIN, () => this.#send())
    })
    call.send(
      () => ({
        kind: 'command',
        command: encodeCommand({ kind: 'keep-leases', logTimeMs: 0, leases: leases.map(({ id }) => id) }),
      }),
      (response) =>
        response.status === 'command' && response.result.kind === 'leases-kept'
          ? call.succeed(response.result.kept)
          : call.fail(unexpected(response)),
    )
  }

  #kept(leases: readonly KeptLease[], kept: readonly boolean[], sentMs: number): void {
    const aliveUntilMs = aliveUntil(sentMs, this.#ttlMs)
    for (const [i, lease] of leases.entries()) {
      if (kept[i]) lease.aliveUntilMs = aliveUntilMs
      else this.#lose(lease, true)
    }
    if (this.#leases.size === 0) return
    this.#dueMs = sentMs + this.#ttlMs / 3
    this.#next = this.#parts.runtime.timer(this.#untilMs(this.#dueMs), () => this.#send())
    this.#endAt(aliveUntilMs)
  }

  /** No keep-alive was answered in time: those that may be gone are taken for lost. */
  #runOut(): void {
    const nowMs = this.#parts.runtime.clock.monotonicMs()
    let nextMs = Number.POSITIVE_INFINITY
    for (const lease of [...this.#leases]) {
      if (lease.aliveUntilMs <= nowMs) this.#lose(lease, false)
      else nextMs = Math.min(nextMs, lease.aliveUntilMs)
    }
    if (this.#leases.size > 0) this.#endAt(nextMs)
  }

  #endAt(atMs: number): void {
    this.#end.cancel()
    this.#endMs = atMs
    this.#end = this.#parts.runtime.timer(this.#untilMs(atMs), () => this.#runOut())
  }

  #lose(lease: KeptLease, isGone: boolean): void {
    if (!this.#leases.has(lease)) return
    if (!isGone) mark('client/lease-lost-in-doubt')
    this.remove(lease)
    lease.lost(isGone ? leaseExpired(lease.id) : leaseDoubtful(lease.id, lease.ttlMs))
  }

  #untilMs(atMs: number): number {
    return Math.max(0, atMs - this.#parts.runtime.clock.monotonicMs())
  }
}
