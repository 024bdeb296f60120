import { assert } from '../../foundation/assert.ts'
import { logIndex } from '../../foundation/ids.ts'
import { mark } from '../../foundation/marks.ts'
import { changeMembership, isJoint, MembershipProblem } from './confchange/changer.ts'
import { decodeMembershipChange, encodeMembershipChange } from './confchange/membership-codec.ts'
import type { Core } from './core.ts'
import type { Entry } from './entry.ts'
import type { MembershipChange } from './membership.ts'

/** An empty change: leaves a joint configuration. */
const LEAVE: MembershipChange = { transition: 'auto', steps: [] }

/**
 * Changes of membership (dissertation, chapter 4). One takes effect on each node when its committed entry is handed out
 * for apply there. Three rules make that safe:
 *
 * - A leader takes a change only when everything up to its own first entry, and up to the last change, was handed out.
 *   So an entry of its own term is committed first, and changes never overlap.
 * - Whoever has the entry of a change in its log knows, by the commit index that came and is persisted with it, that
 *   the change before is committed.
 * - Nobody stands for election while a committed change was not handed out. So two majorities that could decide at the
 *   same time are at most one change apart, and overlap.
 */
export class MembershipChanges {
  readonly #core: Core
  /** No further change before this index was handed out. */
  #pendingIndex = 0

  constructor(core: Core) {
    this.#core = core
  }

  /** We lead from now; `index` is our first entry. */
  startLeading(index: number): void {
    this.#pendingIndex = index
    if (isJoint(this.#core.membership)) mark('raft/elected-in-joint-membership')
  }

  get isBusy(): boolean {
    return this.#pendingIndex > this.#core.appliedIndex
  }

  /** The entry to append for a change, or why there is none. */
  propose(change: MembershipChange): Entry | 'membership-busy' | 'membership-invalid' {
    if (this.isBusy) {
      mark('raft/membership-change-held-back')
      return 'membership-busy'
    }
    if (changeMembership(this.#core.membership, change) instanceof MembershipProblem)
      return 'membership-invalid'
    return this.#entry(change)
  }

  /** The entry that leaves a joint configuration by itself, when it is time: also for a leader that did not enter it. */
  autoLeave(): Entry | undefined {
    const { membership } = this.#core
    if (!membership.autoLeave || !isJoint(membership) || this.isBusy) return undefined
    mark('raft/joint-left-automatically')
    return this.#entry(LEAVE)
  }

  takeEffect(entry: Entry): void {
    const next = changeMembership(this.#core.membership, decodeMembershipChange(entry.data))
    assert(!(next instanceof MembershipProblem), 'a change that was committed makes sense')
    this.#core.membership = next
    this.#core.emit({ type: 'membership', membership: next, index: entry.index })
  }

  #entry(change: MembershipChange): Entry {
    const index = logIndex(this.#core.log.lastIndex + 1)
    this.#pendingIndex = index
    return { index, term: this.#core.term, kind: 'membership', data: encodeMembershipChange(change) }
  }
}
