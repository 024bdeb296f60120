import { assert, unreachable } from '../../foundation/assert.ts'
import { logIndex, type NodeId, type Term } from '../../foundation/ids.ts'
import { mark } from '../../foundation/marks.ts'
import type { Core } from './core.ts'
import type { Election } from './election.ts'
import { acceptAppend } from './follower-append.ts'
import type { LeadershipTransfer } from './leadership-transfer.ts'
import type { Message } from './message.ts'
import type { ReadIndex } from './read-index.ts'
import type { Replication } from './replication.ts'
import type { SnapshotReceiving } from './snapshot-receiving.ts'
import type { SnapshotSending } from './snapshot-sending.ts'
import type { Progress } from './tracker/progress.ts'
import type { Tracker } from './tracker/tracker.ts'

interface MessageParts {
  readonly core: Core
  readonly tracker: Tracker
  readonly election: Election
  readonly replication: Replication
  readonly reads: ReadIndex
  readonly transfer: LeadershipTransfer
  readonly snapshotSending: SnapshotSending
  readonly snapshotReceiving: SnapshotReceiving
  readonly becomeFollower: (term: Term, leader: NodeId | undefined) => void
}

/** The one place where messages come in: looks at the term first (paper, 5.1), then hands each to its concern. */
export class Messages {
  readonly #parts: MessageParts

  constructor(parts: MessageParts) {
    this.#parts = parts
  }

  receive(message: Message): void {
    const core = this.#parts.core
    if (message.to !== core.id) return
    // Requests for votes and their answers look at the term themselves: not every one makes us take it.
    if (message.type === 'vote-request') {
      this.#parts.election.onVoteRequest(message)
      return
    }
    if (message.type === 'vote-response') this.#parts.election.learnCommit(message)
    if (message.type === 'vote-response' && message.preVote) {
      // A no with a higher term is heeded: it lets us stand above it next time.
      if (!message.granted && message.term > core.term) {
        mark('raft/pre-vote-rejected-higher-term')
        this.#parts.becomeFollower(message.term, undefined)
      } else this.#parts.election.onVoteResponse(message)
      return
    }
    if (message.term < core.term) {
      this.#onOldTerm(message)
      return
    }
    switch (message.type) {
      case 'append-request':
        this.#hearLeader(message)
        if (core.installing && this.#parts.snapshotReceiving.onInquiry(message.previousLogIndex)) return
        acceptAppend(core, message)
        return
      case 'heartbeat':
        this.#hearLeader(message)
        core.commitTo(message.commitIndex)
        core.send({
          type: 'heartbeat-response',
          from: core.id,
          to: message.from,
          term: core.term,
          readContext: message.readContext,
        })
        return
      case 'snapshot-chunk':
        this.#hearLeader(message)
        this.#parts.snapshotReceiving.onChunk(message)
        return
      default:
        if (message.term > core.term) this.#parts.becomeFollower(message.term, undefined)
    }
    switch (message.type) {
      case 'vote-response':
        this.#parts.election.onVoteResponse(message)
        return
      case 'timeout-now':
        this.#parts.election.onTimeoutNow()
        return
      default:
        this.#onFollowerAnswer(message)
    }
  }

  #onFollowerAnswer(
    message: Extract<Message, { type: `${'append' | 'heartbeat' | 'snapshot'}-response` }>,
  ): void {
    const core = this.#parts.core
    if (core.role !== 'leader') return
    const progress = this.#parts.tracker.get(message.from)
    if (progress === undefined || progress.id === core.id) return
    progress.lastHeardMs = core.nowMs
    switch (message.type) {
      case 'append-response':
        this.#parts.replication.onAppendResponse(progress, message)
        this.#parts.transfer.onProgress(progress.id)
        return
      case 'heartbeat-response':
        this.#parts.reads.onResponse(progress, message.readContext)
        if (core.nowMs >= progress.retryAtMs) this.#retry(progress)
        return
      case 'snapshot-response':
        if (this.#parts.snapshotSending.onResponse(progress, message)) {
          this.#parts.replication.advanceCommit()
          this.#parts.replication.send(progress)
        }
        return
      default:
        unreachable(message)
    }
  }

  /** The follower lives. What is stuck with it may have been lost. */
  #retry(progress: Progress): void {
    // A little less than the interval, so that it is each heartbeat's answer and not every other one's.
    progress.retryAtMs = this.#parts.core.nowMs + this.#parts.core.config.heartbeatIntervalMs / 2
    if (progress.state === 'snapshot') this.#parts.snapshotSending.retry(progress)
    else this.#parts.replication.retry(progress)
  }

  /** Whoever sends as a leader of an old term learns of ours; anything else that is late is nothing. */
  #onOldTerm(message: Message): void {
    const core = this.#parts.core
    switch (message.type) {
      case 'append-request':
      case 'heartbeat':
      case 'snapshot-chunk':
        core.send({
          type: 'append-response',
          from: core.id,
          to: message.from,
          term: core.term,
          accepted: false,
          matchIndex: logIndex(0),
          hintIndex: logIndex(0),
          hintTerm: core.log.baseTerm,
        })
        return
      case 'vote-response':
        mark('raft/vote-of-old-term-ignored')
        return
      case 'vote-request':
      case 'append-response':
      case 'heartbeat-response':
      case 'snapshot-response':
      case 'timeout-now':
        return
      default:
        unreachable(message)
    }
  }

  #hearLeader(message: { readonly from: NodeId; readonly term: Term }): void {
    const core = this.#parts.core
    assert(message.term > core.term || core.role !== 'leader', 'a term has at most one leader')
    if (message.term > core.term || core.role !== 'follower' || core.leader !== message.from) {
      this.#parts.becomeFollower(message.term, message.from)
    }
    this.#parts.election.heardFromLeader()
  }
}
