import { assert, unreachable } from '../../../foundation/assert.ts'
import type { LogIndex, NodeId, Term } from '../../../foundation/ids.ts'
import type { RefusalReason } from '../../../protocols/raft/effect.ts'
import type { MembershipChange } from '../../../protocols/raft/membership.ts'
import type { Raft } from '../../../protocols/raft/raft.ts'
import { endpoint } from '../../../runtime/network.ts'
import type { Runtime, Timer } from '../../../runtime/runtime.ts'
import type { MemberRequest } from '../../../wire/parcel/parcel.ts'
import { errorResponse } from '../../client/error-response.ts'
import type { OpenRequest, OpenRequests } from '../requests/open-requests.ts'
import { refusal } from '../requests/proposals.ts'
import type { Members } from '../state-machine/members.ts'
import { decideMembership, type LeaderView } from './decide.ts'

/** A request waits this long for the change before it; then whoever asked is told what is in the way. */
const WAIT_MS_MAX = 500
/** A learner this close to the leader's log may vote: it holds nobody up. */
const LAG_ENTRIES_MAX = 1_000
/** So may one that has all that the leader had this long ago, however much is written. */
const LAG_MS_MAX = 1_000

export interface MemberRequestParts {
  readonly runtime: Runtime
  readonly open: OpenRequests
  readonly raft: Raft
  readonly members: Members
  readonly electionTimeoutMs: number
  readonly addressOf: (node: NodeId) => string
  /** Asks for a call of `turn`. */
  readonly wake: () => void
  /** Hands a change to the core, which answers by `proposed` or `refused`. */
  readonly propose: (change: MembershipChange, token: number) => void
  readonly transferLeadership: (to: NodeId) => void
}

interface Waiting {
  readonly request: MemberRequest
  readonly open: OpenRequest
  readonly sinceMs: number
}

/**
 * Requests to change the membership, on the leader: one after another, each answered when its change is in force, and
 * none of two mixed up. Who comes second waits a little, then hears that another change is under way.
 */
export class MemberRequests {
  readonly #parts: MemberRequestParts
  readonly #proposed = new Map<number, OpenRequest>()
  readonly #appended = new Map<LogIndex, { readonly term: Term; readonly open: OpenRequest }>()
  #waiting: Waiting[] = []
  /** Where our log ended when a learner was first found to be behind, not long ago. */
  readonly #lagSamples = new Map<NodeId, { readonly lastIndex: number; readonly atMs: number }>()
  #lastToken = 0
  #timer: Timer | undefined

  constructor(parts: MemberRequestParts) {
    this.#parts = parts
  }

  /** We lead, or did when it came. */
  serve(request: MemberRequest, open: OpenRequest): void {
    this.#waiting.push({ request, open, sinceMs: this.#nowMs() })
    this.#parts.wake()
  }

  /** A change that nobody looks at first: for whoever knows what it is. Answered as the others. */
  propose(change: MembershipChange, open: OpenRequest): void {
    const token = --this.#lastToken
    this.#proposed.set(token, open)
    this.#parts.propose(change, token)
  }

  /** Decides what waits, as far as that is possible. Once in a turn, because it steps the core. */
  turn(): void {
    while (this.#waiting.length > 0) {
      const { raft, open } = this.#parts
      const first = this.#waiting[0]!
      if (!open.isOpen(first.open)) this.#waiting.shift()
      else if (raft.role !== 'leader') {
        this.#waiting.shift()
        open.finish(first.open, this.#refusal('not-leader'))
      } else if (raft.isChangingMembership) return this.#waitOn(first)
      else {
        this.#waiting.shift()
        this.#decide(first)
      }
    }
  }

  /** True when the token is one of ours. */
  appended(token: number, index: LogIndex, term: Term): boolean {
    const open = this.#proposed.get(token)
    if (open === undefined) return false
    this.#proposed.delete(token)
    open.outcomeOnTimeout = 'unknown'
    this.#appended.set(index, { term, open })
    return true
  }

  /** True when the token is one of ours. */
  refused(token: number, reason: RefusalReason): boolean {
    const open = this.#proposed.get(token)
    if (open === undefined) return false
    this.#proposed.delete(token)
    this.#parts.open.finish(open, this.#refusal(reason))
    return true
  }

  /** The entry at `index` was applied: if it is a change that was asked for here, it is in force. */
  applied(index: LogIndex, term: Term): void {
    if (this.#waiting.length > 0) this.#parts.wake()
    if (this.#appended.size === 0) return
    const appended = this.#appended.get(index)
    if (appended === undefined) return
    assert(appended.term === term, 'what a leader appended is what is applied')
    this.#appended.delete(index)
    this.#parts.open.finish(appended.open, { status: 'done' })
  }

  /** What we appended may still be committed; whoever asked finds out by asking again. */
  leadershipLost(): void {
    if (this.#waiting.length > 0) this.#parts.wake()
    this.#lagSamples.clear()
    if (this.#appended.size === 0) return
    const message =
      'leadership changed while the membership was: the change may have happened or may happen yet; ask for it again, which does no harm'
    const unknown = errorResponse('unavailable', message, { outcome: 'unknown', retryable: true })
    for (const { open } of this.#appended.values()) this.#parts.open.finish(open, unknown)
    this.#appended.clear()
  }

  #waitOn(first: Waiting): void {
    const leftMs = first.sinceMs + WAIT_MS_MAX - this.#nowMs()
    if (leftMs > 0) {
      // What is applied wakes us sooner.
      this.#timer ??= this.#parts.runtime.timer(leftMs, () => {
        this.#timer = undefined
        this.#parts.wake()
      })
      return
    }
    this.#waiting.shift()
    this.#parts.open.finish(first.open, this.#refusal('membership-busy'))
    if (this.#waiting.length > 0) this.#parts.wake()
  }

  #decide({ request, open }: Waiting): void {
    const decision = decideMembership(request, this.#view())
    switch (decision.kind) {
      case 'answer':
        return this.#parts.open.finish(open, decision.response)
      case 'propose':
        return this.propose(decision.change, open)
      case 'hand-over':
        this.#parts.transferLeadership(decision.to)
        return this.#parts.open.finish(open, decision.response)
      default:
        return unreachable(decision)
    }
  }

  #view(): LeaderView {
    const { raft, members, electionTimeoutMs, runtime } = this.#parts
    const nowMs = this.#nowMs()
    const followers = new Map(raft.progress.map((progress) => [progress.id, progress]))
    const wasHeard = (node: NodeId): boolean =>
      nowMs - (followers.get(node)?.lastHeardMs ?? Number.NEGATIVE_INFINITY) < electionTimeoutMs
    // One that died a moment ago was heard, but its connection is gone; one that stands still has its connection.
    const isReachable = (node: NodeId): boolean =>
      node === raft.id || (wasHeard(node) && runtime.network.isReachable(endpoint(node)))
    return {
      self: raft.id,
      membership: raft.membership,
      records: members.all,
      isReachable,
      matchOf: (node) => followers.get(node)?.matchIndex ?? 0,
      lagOf: (node) => {
        const progress = followers.get(node)
        const matchIndex = progress?.matchIndex ?? 0
        const entries = raft.lastIndex - matchIndex
        const follows = progress?.state === 'replicate' && matchIndex > 0
        return {
          entries,
          isCaughtUp: follows && (entries <= LAG_ENTRIES_MAX || this.#isInTime(node, matchIndex)),
        }
      },
    }
  }

  /** All that we had when we looked last, less than a second ago, is there by now. */
  #isInTime(node: NodeId, matchIndex: number): boolean {
    const nowMs = this.#nowMs()
    const sample = this.#lagSamples.get(node)
    if (sample !== undefined && nowMs - sample.atMs <= LAG_MS_MAX) return matchIndex >= sample.lastIndex
    this.#lagSamples.set(node, { lastIndex: this.#parts.raft.lastIndex, atMs: nowMs })
    return false
  }

  #refusal(reason: RefusalReason) {
    const { leader } = this.#parts.raft
    return refusal(reason, leader, leader === undefined ? '' : this.#parts.addressOf(leader))
  }

  #nowMs(): number {
    return this.#parts.runtime.clock.monotonicMs()
  }
}
