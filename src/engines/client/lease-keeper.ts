import { DureError } from '../../foundation/errors.ts'
import type { CallParts } from './call.ts'
import type { GrantedLease, KeptLease } from './kept-lease.ts'
import { LeaseBatch } from './lease-batch.ts'

/**
 * Keeps leases alive, many with one command, and says when one is lost: at once when the cluster no longer has it, and no
 * later than the cluster may expire it when no answer comes.
 *
 * ```ts
 * const kept = keeper.keep(granted, (reason) => controller.abort(reason))
 * ```
 */
export class LeaseKeeper {
  readonly #parts: CallParts
  readonly #batches = new Map<KeptLease, LeaseBatch>()
  /** The newest batch of each time to live: another lease may still join it. */
  readonly #newest = new Map<number, LeaseBatch>()

  constructor(parts: CallParts) {
    this.#parts = parts
  }

  keep({ id, ttlMs, aliveUntilMs }: GrantedLease, lost: (reason: DureError) => void): KeptLease {
    const lease: KeptLease = { id, ttlMs, aliveUntilMs, lost: (reason) => this.#lost(lease, lost, reason) }
    const newest = this.#newest.get(ttlMs)
    if (newest?.add(lease)) this.#batches.set(lease, newest)
    else {
      const batch = new LeaseBatch(this.#parts, lease, () => {
        if (this.#newest.get(ttlMs) === batch) this.#newest.delete(ttlMs)
      })
      this.#newest.set(ttlMs, batch)
      this.#batches.set(lease, batch)
    }
    return lease
  }

  /** Nothing more is done for it; it runs out by itself unless it is ended. */
  drop(lease: KeptLease): void {
    this.#batches.get(lease)?.remove(lease)
    this.#batches.delete(lease)
  }

  /** The client is closed: nothing can be kept alive any more. */
  close(): void {
    for (const [lease, batch] of [...this.#batches]) {
      batch.remove(lease)
      lease.lost(
        new DureError('lease-lost', `the client of the lease ${lease.id} was closed: nobody keeps it alive`),
      )
    }
  }

  #lost(lease: KeptLease, tell: (reason: DureError) => void, reason: DureError): void {
    if (this.#batches.delete(lease)) tell(reason)
  }
}
