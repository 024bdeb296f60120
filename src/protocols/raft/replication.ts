import { assert } from '../../foundation/assert.ts'
import { logIndex } from '../../foundation/ids.ts'
import type { Core } from './core.ts'
import type { Entry } from './entry.ts'
import type { AppendResponse } from './message.ts'
import { countedBytes } from './raft-log.ts'
import type { SnapshotSending } from './snapshot-sending.ts'
import type { Progress } from './tracker/progress.ts'
import type { Tracker } from './tracker/tracker.ts'

/** A leader's half of replication: what to send to whom, and what is committed (paper, 5.3 and 5.4.2). */
export class Replication {
  readonly #core: Core
  readonly #tracker: Tracker
  readonly #snapshots: SnapshotSending
  #uncommittedBytes = 0

  constructor(core: Core, tracker: Tracker, snapshots: SnapshotSending) {
    this.#core = core
    this.#tracker = tracker
    this.#snapshots = snapshots
  }

  /** What was appended by this leader's log and is not committed; 0 when we do not lead. */
  get uncommittedBytes(): number {
    return this.#uncommittedBytes
  }

  start(): void {
    const { log, commitIndex, membership, nowMs, id, persistence } = this.#core
    this.#tracker.reset(membership, log.lastIndex + 1, nowMs)
    const self = this.#tracker.get(id)
    if (self !== undefined) self.match = persistence.durableIndex
    this.#uncommittedBytes = log.bytesBetween(commitIndex + 1, log.lastIndex)
  }

  stop(): void {
    this.#uncommittedBytes = 0
  }

  /** Appends to our own log and sends, in parallel with our disk: we count ourselves once it is synced (10.2.1). */
  append(entries: readonly Entry[]): void {
    const { log, persistence } = this.#core
    const before = log.sizeBytes
    const first = log.lastIndex + 1
    log.append(entries)
    persistence.appended(first)
    this.#uncommittedBytes += log.sizeBytes - before
    this.sendToAll()
  }

  /** False when these would be too much. The first always go, or an entry over the bound would never. */
  hasRoomFor(commands: readonly Uint8Array[]): boolean {
    if (this.#uncommittedBytes === 0) return true
    let bytes = this.#uncommittedBytes
    for (let i = 0; i < commands.length; i++) bytes += countedBytes(commands[i]!)
    return bytes <= this.#core.config.uncommittedBytesMax
  }

  sendToAll(): void {
    for (const progress of this.#tracker.peers) this.send(progress)
  }

  /** All that the window allows; in `probe` one message. `evenEmpty` looks for the place where the logs meet. */
  send(progress: Progress, evenEmpty = false): void {
    const { log } = this.#core
    while (!progress.isPaused) {
      if (progress.next <= log.baseIndex || this.#needsFoundation(progress)) {
        this.#snapshots.start(progress)
        return
      }
      if (progress.next > log.lastIndex) {
        if (evenEmpty) this.#sendAppend(progress, [])
        return
      }
      const entries = log.cut(progress.next, this.#core.config.appendBytesMax)
      const sizeBytes = log.cutBytes
      this.#sendAppend(progress, entries)
      evenEmpty = false
      if (progress.state === 'replicate') {
        progress.next += entries.length
        progress.inflights.add(progress.next - 1, sizeBytes)
      } else progress.probeSent = true
    }
  }

  onAppendResponse(progress: Progress, response: AppendResponse): void {
    if (!response.accepted) {
      this.#onRejected(progress, response)
      return
    }
    const moved = progress.acknowledge(response.matchIndex)
    if (progress.state === 'probe' && progress.match === response.matchIndex) progress.becomeReplicate()
    else if (progress.state === 'snapshot' && progress.match >= this.#core.log.baseIndex) {
      // It caught up some other way: what it needs next is in our log.
      this.#snapshots.end(progress)
      progress.becomeReplicate()
    }
    if (moved) this.advanceCommit()
    this.send(progress)
  }

  /** Tells the commit index at once, to who leaves or is left: normally it waits for the next message. */
  lastWord(progress: Progress): void {
    if (progress.state !== 'snapshot' && progress.next > this.#core.log.baseIndex)
      this.#sendAppend(progress, [])
  }

  /** Nothing moved for a heartbeat's time: a message may be lost. Asks once where the follower stands. */
  retry(progress: Progress): void {
    const stuck = progress.match === progress.matchAtRetry && progress.match < progress.next - 1
    progress.matchAtRetry = progress.match
    if (progress.state === 'probe') {
      progress.probeSent = false
      this.send(progress, true)
    } else if (progress.state === 'replicate' && stuck) {
      if (progress.next <= this.#core.log.baseIndex) {
        // What it would have to reject by is compacted: look for the place from what it surely has.
        progress.becomeProbe()
        this.send(progress)
        return
      }
      // An empty append after all that was sent: the follower rejects it if anything before is missing.
      this.#sendAppend(progress, [])
    }
  }

  /** Our own disk moved on. */
  onPersisted(): void {
    const self = this.#tracker.get(this.#core.id)
    if (self === undefined) return
    const durable = this.#core.persistence.durableIndex
    if (durable <= self.match) return
    self.match = durable
    this.advanceCommit()
  }

  /** Only an entry of our own term is counted; those before it are committed with it (paper, figure 8). */
  advanceCommit(): boolean {
    const { log, term, commitIndex } = this.#core
    const index = this.#tracker.committedIndex()
    if (index <= commitIndex || log.termAt(index) !== term) return false
    this.#uncommittedBytes -= log.bytesBetween(commitIndex + 1, index)
    assert(this.#uncommittedBytes >= 0, 'no more is committed than was appended')
    return this.#core.commitTo(index)
  }

  #onRejected(progress: Progress, response: AppendResponse): void {
    const refused = response.matchIndex
    if (progress.state === 'snapshot') {
      this.#snapshots.onRejected(progress, refused)
      return
    }
    if (refused <= progress.match) return
    if (progress.state === 'probe' && refused !== progress.next - 1) return
    const meeting = this.#core.log.lastIndexWithTermAtMost(response.hintIndex, response.hintTerm)
    if (progress.state === 'replicate') progress.becomeProbe()
    progress.next = Math.max(Math.min(refused, meeting + 1), progress.match + 1)
    progress.probeSent = false
    this.send(progress, true)
  }

  /**
   * Who joins with an empty log knows no members to begin with, and the log tells their changes only: it starts from a
   * snapshot, even when our log reaches back to its first entry.
   */
  #needsFoundation(progress: Progress): boolean {
    return progress.isLearner && progress.next === 1 && this.#core.appliedIndex > 0
  }

  #sendAppend(progress: Progress, entries: readonly Entry[]): void {
    const { id, term, log, commitIndex } = this.#core
    const previous = progress.next - 1
    const previousTerm = log.termAt(previous)
    assert(previousTerm !== undefined, 'what comes before the entries that are sent is known')
    this.#core.send({
      type: 'append-request',
      from: id,
      to: progress.id,
      term,
      previousLogIndex: logIndex(previous),
      previousLogTerm: previousTerm,
      commitIndex: logIndex(commitIndex),
      entries,
    })
    if (progress.state === 'probe') progress.probeSent = true
  }
}
