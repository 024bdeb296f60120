import { assert } from '../../foundation/assert.ts'
import { logIndex } from '../../foundation/ids.ts'
import { mark } from '../../foundation/marks.ts'
import type { Core } from './core.ts'
import type { RaftEvent } from './event.ts'
import type { SnapshotMeta, SnapshotResponse } from './message.ts'
import type { Progress } from './tracker/progress.ts'
import { SnapshotTransfer } from './tracker/snapshot-transfer.ts'
import type { Tracker } from './tracker/tracker.ts'

/** A follower that has been silent for this many election timeouts no longer holds a snapshot open. */
const SILENT_TIMEOUTS_MAX = 10

/**
 * A leader's half of a snapshot transfer (paper, section 7): for a follower that needs what was compacted. A few chunks
 * are read and sent ahead; the follower says which one it wants next. What was lost is sent again at the pace of
 * heartbeats.
 */
export class SnapshotSending {
  readonly #core: Core
  readonly #tracker: Tracker

  constructor(core: Core, tracker: Tracker) {
    this.#core = core
    this.#tracker = tracker
  }

  start(progress: Progress): void {
    progress.becomeSnapshot(new SnapshotTransfer())
    progress.retryAtMs = this.#core.nowMs + this.#core.config.heartbeatIntervalMs
    this.#readOn(progress)
  }

  /** The follower has it, needs it no more, or will not get it from us. */
  end(progress: Progress): void {
    if (progress.state === 'snapshot') this.#core.emit({ type: 'snapshot-done', to: progress.id })
  }

  /** Compaction keeps what follows the snapshots that are on their way, or their receivers would need another one. */
  keepAfter(): number {
    let index = Number.POSITIVE_INFINITY
    for (const progress of this.#tracker.peers) {
      if (progress.transfer?.meta !== undefined) index = Math.min(index, progress.transfer.meta.index)
    }
    return index
  }

  onRead(event: Extract<RaftEvent, { type: 'snapshot-read' }>): void {
    const progress = this.#tracker.get(event.to)
    const transfer = progress?.transfer
    if (progress === undefined || transfer === undefined) return
    // Anything else answers a question of a transfer that was given up.
    if (event.chunk !== transfer.reading || (transfer.meta ?? event.meta).index !== event.meta.index) return
    if (transfer.meta === undefined && event.meta.index < Math.max(1, this.#core.log.baseIndex)) {
      // Our log no longer has what follows it, or it holds nothing at all. The next one will be newer.
      this.#giveUp(progress)
      return
    }
    transfer.meta ??= event.meta
    transfer.reading = undefined
    if (event.last) transfer.lastChunk = event.chunk
    this.#core.send({
      type: 'snapshot-chunk',
      from: this.#core.id,
      to: progress.id,
      term: this.#core.term,
      meta: event.meta,
      chunk: event.chunk,
      last: event.last,
      bytes: event.bytes,
    })
    this.#readOn(progress)
  }

  onReadFailed(event: Extract<RaftEvent, { type: 'snapshot-read-failed' }>): void {
    const progress = this.#tracker.get(event.to)
    if (progress?.transfer !== undefined) this.#giveUp(progress)
  }

  /** True when the follower now has all of it: it can be sent entries again. */
  onResponse(progress: Progress, response: SnapshotResponse): boolean {
    const transfer = progress.transfer
    if (response.installed) {
      // Also an answer to an earlier transfer tells what the follower holds.
      progress.acknowledge(response.index)
      if (progress.state !== 'snapshot' || progress.match < this.#core.log.baseIndex) return false
      this.end(progress)
      progress.becomeReplicate()
      return true
    }
    if (transfer?.meta === undefined || transfer.meta.index !== response.index) return false
    if (response.nextChunk > transfer.acknowledged) transfer.moved = true
    // Also backwards: a follower that restarted has lost what it had received.
    transfer.acknowledged = response.nextChunk
    // It may hold more than this transfer has read (from one that was given up): whether more follows, only the chunk
    // before tells.
    transfer.requested = Math.max(transfer.requested, response.nextChunk - 1)
    this.#readOn(progress)
    return false
  }

  /** At the pace of heartbeats, and only while the follower answers them. */
  retry(progress: Progress): void {
    const transfer = progress.transfer
    assert(transfer !== undefined, 'a follower in the snapshot state has a transfer')
    if (!transfer.moved && transfer.reading === undefined) {
      if (transfer.meta !== undefined && transfer.acknowledged > transfer.lastChunk)
        this.#inquire(progress, transfer.meta)
      else {
        if (transfer.acknowledged > 0) mark('raft/snapshot-resumed')
        transfer.rewind()
      }
    }
    transfer.moved = false
    this.#readOn(progress)
  }

  /** The answer to our inquiry was no, and it is not busy installing: it has lost what it had received. */
  onRejected(progress: Progress, index: number): void {
    const transfer = progress.transfer
    if (transfer?.meta?.index !== index || transfer.acknowledged <= transfer.lastChunk) return
    transfer.acknowledged = 0
    transfer.rewind()
  }

  onTick(): void {
    const { nowMs, config } = this.#core
    for (const progress of this.#tracker.peers) {
      if (progress.state !== 'snapshot') continue
      if (nowMs - progress.lastHeardMs > SILENT_TIMEOUTS_MAX * config.electionTimeoutMs)
        this.#giveUp(progress)
    }
  }

  stop(): void {
    for (const progress of this.#tracker.peers) this.end(progress)
  }

  /** All chunks are there. An empty append tells, in a small message, whether the follower stands on them yet. */
  #inquire(progress: Progress, meta: SnapshotMeta): void {
    this.#core.send({
      type: 'append-request',
      from: this.#core.id,
      to: progress.id,
      term: this.#core.term,
      previousLogIndex: meta.index,
      previousLogTerm: meta.term,
      commitIndex: meta.index,
      entries: [],
    })
  }

  /** Probes again, which starts anew where that is needed, when the follower next answers a heartbeat. */
  #giveUp(progress: Progress): void {
    this.end(progress)
    progress.becomeProbe()
    progress.probeSent = true
  }

  #readOn(progress: Progress): void {
    const transfer = progress.transfer!
    const chunk = transfer.nextToRead()
    if (chunk === undefined) return
    const index = transfer.meta === undefined ? undefined : logIndex(transfer.meta.index)
    this.#core.emit({ type: 'read-snapshot', to: progress.id, index, chunk })
  }
}
