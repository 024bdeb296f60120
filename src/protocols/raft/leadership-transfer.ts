import type { NodeId } from '../../foundation/ids.ts'
import { mark } from '../../foundation/marks.ts'
import type { Core } from './core.ts'
import { isVoter } from './quorum/joint.ts'
import type { Replication } from './replication.ts'
import type { Tracker } from './tracker/tracker.ts'

/**
 * Hands leadership over (dissertation, 3.10): take no more proposals, bring the successor up to date, tell it to stand
 * at once. When it has not won within an election timeout, go on as before.
 */
export class LeadershipTransfer {
  readonly #core: Core
  readonly #tracker: Tracker
  readonly #replication: Replication
  #to: NodeId | undefined
  #deadlineMs = 0

  constructor(core: Core, tracker: Tracker, replication: Replication) {
    this.#core = core
    this.#tracker = tracker
    this.#replication = replication
  }

  get isUnderWay(): boolean {
    return this.#to !== undefined
  }

  start(to: NodeId): void {
    const core = this.#core
    if (core.role !== 'leader' || to === core.id || to === this.#to || !isVoter(core.membership, to)) return
    this.#to = to
    this.#deadlineMs = core.nowMs + core.config.electionTimeoutMs
    const progress = this.#tracker.get(to)!
    this.#replication.send(progress)
    this.onProgress(to)
  }

  /** The successor may have caught up. */
  onProgress(node: NodeId): void {
    const core = this.#core
    if (node !== this.#to || this.#tracker.get(node)?.match !== core.log.lastIndex) return
    core.send({ type: 'timeout-now', from: core.id, to: node, term: core.term })
  }

  onTick(): void {
    if (this.#to === undefined || this.#core.nowMs < this.#deadlineMs) return
    mark('raft/transfer-aborted')
    this.cancel()
  }

  onMembership(): void {
    if (this.#to !== undefined && !isVoter(this.#core.membership, this.#to)) this.cancel()
  }

  cancel(): void {
    this.#to = undefined
  }
}
