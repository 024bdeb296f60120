import type { NodeId } from '../../../foundation/ids.ts'
import { membersOf } from '../confchange/changer.ts'
import type { Membership } from '../membership.ts'
import { jointCommittedIndex, jointVoteResult } from '../quorum/joint.ts'
import type { InflightLimits } from './inflights.ts'
import { Progress } from './progress.ts'

/** What a leader knows of everyone in the membership. */
export class Tracker {
  readonly #limits: InflightLimits
  readonly #self: NodeId
  readonly #byId = new Map<NodeId, Progress>()
  readonly #matchOf = (id: NodeId): number => this.#byId.get(id)?.match ?? 0
  #membership: Membership
  #all: readonly Progress[] = []
  #peers: readonly Progress[] = []

  constructor(self: NodeId, limits: InflightLimits, membership: Membership) {
    this.#self = self
    this.#limits = limits
    this.#membership = membership
  }

  get all(): readonly Progress[] {
    return this.#all
  }

  /** Everyone but ourselves. */
  get peers(): readonly Progress[] {
    return this.#peers
  }

  get(id: NodeId): Progress | undefined {
    return this.#byId.get(id)
  }

  /** A new term of leadership: nothing is known of anyone. */
  reset(membership: Membership, next: number, nowMs: number): void {
    this.#byId.clear()
    this.reconfigure(membership, next, nowMs)
  }

  /** Keeps what is known of those who stay. Those who come are probed from `next`. */
  reconfigure(membership: Membership, next: number, nowMs: number): readonly Progress[] {
    this.#membership = membership
    const members = membersOf(membership)
    const removed = this.#all.filter(
      (progress) => this.#byId.has(progress.id) && !members.includes(progress.id),
    )
    for (const progress of removed) this.#byId.delete(progress.id)
    for (const id of members) {
      const isLearner = membership.learners.includes(id)
      const known = this.#byId.get(id)
      if (known !== undefined) known.isLearner = isLearner
      else
        this.#byId.set(
          id,
          new Progress(id, { next: Math.max(next, 1), isLearner, nowMs, limits: this.#limits }),
        )
    }
    this.#all = members.map((id) => this.#byId.get(id)!)
    this.#peers = this.#all.filter((progress) => progress.id !== this.#self)
    return removed
  }

  /** The highest index that every majority in force has. */
  committedIndex(): number {
    return jointCommittedIndex(this.#membership, this.#matchOf)
  }

  /** Whether every majority in force fulfils `holds`; ourselves, when we vote, count as yes. */
  hasQuorum(holds: (progress: Progress) => boolean): boolean {
    const result = jointVoteResult(this.#membership, (id) => {
      if (id === this.#self) return true
      const progress = this.#byId.get(id)
      return progress !== undefined && holds(progress)
    })
    return result === 'won'
  }
}
