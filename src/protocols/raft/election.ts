import { assert } from '../../foundation/assert.ts'
import { term as asTerm, logIndex, type NodeId, type Term } from '../../foundation/ids.ts'
import type { Core } from './core.ts'
import type { VoteRequest, VoteResponse } from './message.ts'
import { jointVoteResult } from './quorum/joint.ts'

/** What an election asks of the node as a whole. */
export interface ElectionOutcome {
  becomeFollower(term: Term, leader: NodeId | undefined): void
  becomeLeader(): void
}

/**
 * Who leads: election timeout, pre-vote, vote (paper, 5.2 and 5.4.1; dissertation, 4.2.3 and 9.6).
 *
 * A node first asks whether it could win, in a term that it does not take yet. So a node that was cut off does not come
 * back with a high term and unseat a working leader. Whoever heard from a leader within an election timeout says no.
 */
export class Election {
  readonly #core: Core
  readonly #outcome: ElectionOutcome
  /** Of this campaign only: cleared when one begins. The first answer of a voter counts. */
  readonly #votes = new Map<NodeId, boolean>()
  #deadlineMs = 0
  /** When a leader of our term was last heard. */
  #leaderHeardMs = Number.NEGATIVE_INFINITY

  constructor(core: Core, outcome: ElectionOutcome) {
    this.#core = core
    this.#outcome = outcome
  }

  get deadlineMs(): number {
    return this.#deadlineMs
  }

  /** Waits a fresh time from [timeout, twice the timeout), so that two seldom stand at once (paper, 5.2). */
  restartTimeout(): void {
    const { electionTimeoutMs, random } = this.#core.config
    this.#deadlineMs = this.#core.nowMs + electionTimeoutMs * (1 + random())
  }

  /** Does not stand before, and spreads those who wait for the same moment. */
  waitUntil(timeMs: number): void {
    const { heartbeatIntervalMs, random } = this.#core.config
    if (this.#deadlineMs < timeMs) this.#deadlineMs = timeMs + heartbeatIntervalMs * random()
  }

  heardFromLeader(): void {
    this.#leaderHeardMs = this.#core.nowMs
    this.restartTimeout()
  }

  onTick(): void {
    if (this.#core.nowMs < this.#deadlineMs) return
    this.restartTimeout()
    if (this.#mayCampaign()) this.#campaignBefore()
    else if (this.#core.role !== 'follower') this.#outcome.becomeFollower(this.#core.term, undefined)
  }

  /** Nobody is known to lead: asks at once whether it could win. */
  onCampaign(): void {
    if (this.#core.role !== 'follower' || this.#hearsLeader() || !this.#mayCampaign()) return
    this.restartTimeout()
    this.#campaignBefore()
  }

  /** The leader handed over to us: stand at once, and say so, so that voters answer although they hear a leader. */
  onTimeoutNow(): void {
    if (this.#core.role === 'leader' || !this.#mayCampaign()) return
    this.#campaign(true)
  }

  onVoteRequest(request: VoteRequest): void {
    const core = this.#core
    if (request.preVote) {
      const granted =
        request.term > core.term &&
        (request.transfer || !this.#hearsLeader()) &&
        this.#knowsMembers &&
        core.log.isUpToDate(request.lastLogIndex, request.lastLogTerm)
      // A yes promises nothing, so it does not wait for the disk. A no carries our own term: when that is the higher
      // one, the asker takes it and can stand again above it. Without that a former leader could wait forever.
      core.send(this.#answer(request.from, granted ? request.term : core.term, { preVote: true, granted }))
      return
    }
    if (request.term > core.term) {
      // Whoever hears a leader does not even take the higher term: a removed node cannot disrupt (dissertation, 4.2.3).
      if (!request.transfer && this.#hearsLeader()) return
      this.#outcome.becomeFollower(request.term, undefined)
    }
    const free = core.vote === request.from || (core.vote === undefined && core.leader === undefined)
    const granted =
      request.term === core.term &&
      free &&
      this.#knowsMembers &&
      core.log.isUpToDate(request.lastLogIndex, request.lastLogTerm)
    const response = this.#answer(request.from, core.term, { preVote: false, granted })
    if (!granted) {
      core.send(response)
      return
    }
    core.vote = request.from
    this.restartTimeout()
    core.persistence.hold(response)
  }

  /** Whatever term it is from: what is committed stays committed. */
  learnCommit({ commitIndex, commitTerm }: VoteResponse): void {
    if (this.#core.role === 'leader') return
    if (this.#core.log.termAt(commitIndex) === commitTerm) this.#core.commitTo(commitIndex)
  }

  onVoteResponse(response: VoteResponse): void {
    const core = this.#core
    if (response.preVote) {
      if (core.role !== 'pre-candidate') return
      // A yes names the term it was asked for; an answer to an earlier campaign names another one.
      if (response.granted && response.term !== core.term + 1) return
    } else if (core.role !== 'candidate' || response.term !== core.term) return
    this.#count(response.from, response.granted)
  }

  #answer(
    to: NodeId,
    inTerm: Term,
    vote: { readonly preVote: boolean; readonly granted: boolean },
  ): VoteResponse {
    const { id, commitIndex, log } = this.#core
    const commitTerm = log.termAt(commitIndex)
    assert(commitTerm !== undefined, 'what is committed is in the log')
    return {
      type: 'vote-response',
      from: id,
      to,
      term: inTerm,
      ...vote,
      commitIndex: logIndex(commitIndex),
      commitTerm,
    }
  }

  /**
   * Whoever joins with an empty directory knows none until it has a leader's snapshot. Asked for a vote before that, it is a
   * voter that has lost its directory, and with it what it acknowledged: to its empty log every candidate is complete.
   */
  get #knowsMembers(): boolean {
    return this.#core.membership.voters.length > 0
  }

  #hearsLeader(): boolean {
    const core = this.#core
    // A leader that lost touch with the majority steps down within an election timeout, so as long as it leads it counts.
    if (core.role === 'leader') return true
    return core.leader !== undefined && core.nowMs - this.#leaderHeardMs < core.config.electionTimeoutMs
  }

  /**
   * Removed nodes and learners do not stand. Nor does a node that would count votes by a membership which it knows to
   * be outdated, nor one whose disk hangs: it could not even record its own vote.
   */
  #mayCampaign(): boolean {
    const core = this.#core
    if (!core.isSelfVoter || core.installing || core.persistence.isHung) return false
    for (let index = core.appliedIndex + 1; index <= core.commitIndex; index++) {
      if (core.log.at(index).kind === 'membership') return false
    }
    return true
  }

  #campaignBefore(): void {
    const core = this.#core
    if (core.isSingleVoter) {
      this.#campaign(false)
      return
    }
    core.role = 'pre-candidate'
    core.leader = undefined
    this.#votes.clear()
    this.#ask(true, false)
    this.#count(core.id, true)
  }

  #campaign(transfer: boolean): void {
    const core = this.#core
    core.term = asTerm(core.term + 1)
    core.vote = core.id
    core.role = 'candidate'
    core.leader = undefined
    this.#votes.clear()
    this.restartTimeout()
    // Our own vote, too, counts once it is on the disk. The requests wait with it: they speak of a log whose end may
    // not be synced yet, and a vote given for that end must not be counted by an incarnation of us that lost it.
    core.persistence.hold(this.#answer(core.id, core.term, { preVote: false, granted: true }))
    this.#ask(false, transfer)
  }

  #ask(preVote: boolean, transfer: boolean): void {
    const core = this.#core
    const voters = new Set([...core.membership.voters, ...core.membership.votersOutgoing])
    for (const voter of voters) {
      if (voter === core.id) continue
      const request: VoteRequest = {
        type: 'vote-request',
        from: core.id,
        to: voter,
        term: preVote ? asTerm(core.term + 1) : core.term,
        preVote,
        transfer,
        lastLogIndex: logIndex(core.log.lastIndex),
        lastLogTerm: core.log.lastTerm,
      }
      if (preVote) core.send(request)
      else core.persistence.hold(request)
    }
  }

  #count(voter: NodeId, granted: boolean): void {
    const core = this.#core
    if (!this.#votes.has(voter)) this.#votes.set(voter, granted)
    switch (jointVoteResult(core.membership, (id) => this.#votes.get(id))) {
      case 'pending':
        return
      case 'lost':
        this.#outcome.becomeFollower(core.term, undefined)
        return
      case 'won':
        if (core.role === 'pre-candidate') this.#campaign(false)
        else this.#outcome.becomeLeader()
    }
  }
}
