import type { LogIndex, NodeId } from '../../../foundation/ids.ts'
import { mark } from '../../../foundation/marks.ts'
import type { RefusalReason } from '../../../protocols/raft/effect.ts'
import type { OpenRequest, OpenRequests } from './open-requests.ts'
import { refusal } from './proposals.ts'

interface PendingRead {
  readonly request: OpenRequest
  /** Answers from the state as it is now. */
  readonly serve: () => void
}

/**
 * Strong reads: gathered for a turn, confirmed together by one read point of Raft (dissertation, section 6.4), then
 * served once the state has reached it.
 */
export class Reads {
  readonly #open: OpenRequests
  #gathered: PendingRead[] = []
  readonly #unconfirmed = new Map<number, PendingRead[]>()
  /** Confirmed, in order of their index. */
  #unapplied: { readonly index: LogIndex; readonly reads: PendingRead[] }[] = []

  constructor(open: OpenRequests) {
    this.#open = open
  }

  get hasGathered(): boolean {
    return this.#gathered.length > 0
  }

  gather(request: OpenRequest, serve: () => void): void {
    this.#gathered.push({ request, serve })
  }

  takeGathered(token: number): void {
    this.#unconfirmed.set(token, this.#gathered)
    this.#gathered = []
  }

  confirmed(token: number, index: LogIndex, appliedIndex: LogIndex): void {
    const reads = this.#unconfirmed.get(token) ?? []
    this.#unconfirmed.delete(token)
    if (index <= appliedIndex) this.#serve(reads)
    else {
      mark('node/read-waited-for-apply')
      this.#unapplied.push({ index, reads })
    }
  }

  refused(token: number, reason: RefusalReason, leader: NodeId | undefined, leaderAddress: string): void {
    const reads = this.#unconfirmed.get(token) ?? []
    this.#unconfirmed.delete(token)
    for (const { request } of reads) this.#open.finish(request, refusal(reason, leader, leaderAddress))
  }

  applied(appliedIndex: LogIndex): void {
    if (this.#unapplied.length === 0) return
    const ready = this.#unapplied.filter(({ index }) => index <= appliedIndex)
    if (ready.length === 0) return
    this.#unapplied = this.#unapplied.filter(({ index }) => index > appliedIndex)
    for (const { reads } of ready) this.#serve(reads)
  }

  /** But for those whose time is up: a range would hold a snapshot for nobody. */
  #serve(reads: readonly PendingRead[]): void {
    for (const { request, serve } of reads) if (this.#open.isOpen(request)) serve()
  }
}
