import { logIndex, type NodeId, type Term } from '../../foundation/ids.ts'
import { mark } from '../../foundation/marks.ts'
import type { Core } from './core.ts'
import type { SnapshotChunk, SnapshotMeta } from './message.ts'

/** A snapshot that is coming in. Another leader's stream of the same state may be cut differently: it begins anew. */
interface Incoming {
  readonly meta: SnapshotMeta
  readonly from: NodeId
  readonly term: Term
  /** Given to the host. */
  received: number
  /** Written by the host: what is acknowledged. */
  written: number
  lastChunk: number
}

/**
 * A follower's half of a snapshot transfer. The order is: all chunks written, the table replaced by them in one durable
 * step, then the log. A crash between the last two leaves a table that is ahead of its log, which `Raft` puts right
 * when it starts.
 */
export class SnapshotReceiving {
  readonly #core: Core
  #incoming: Incoming | undefined
  /** Chunks that the host has not answered, of this stream or of one that was given up. */
  #writing = 0

  constructor(core: Core) {
    this.#core = core
  }

  onChunk(chunk: SnapshotChunk): void {
    const core = this.#core
    const { meta } = chunk
    const incoming = this.#incoming
    if (core.installing) {
      // One at a time. The answer to this one comes when it stands; any other one must wait.
      return
    }
    if (meta.index <= core.commitIndex || core.log.termAt(meta.index) === meta.term) {
      // All it holds is here already. What a snapshot holds is committed.
      core.commitTo(meta.index)
      this.#incoming = undefined
      this.#answerInstalled(meta.index, chunk.from)
      return
    }
    const same =
      incoming !== undefined &&
      incoming.term === chunk.term &&
      incoming.meta.index === meta.index &&
      incoming.meta.term === meta.term
    if (!same) {
      if (incoming !== undefined && incoming.term === chunk.term && incoming.meta.index > meta.index) return
      if (chunk.chunk !== 0) {
        this.#answer(meta.index, chunk.from, 0)
        return
      }
      // An answer names only index and chunk: those to the stream before must not be taken for answers to this one.
      if (this.#writing > 0) return
      this.#incoming = {
        meta,
        from: chunk.from,
        term: chunk.term,
        received: 0,
        written: 0,
        lastChunk: Number.POSITIVE_INFINITY,
      }
    }
    this.#take(this.#incoming!, chunk)
  }

  /** The leader asks whether it stands yet. False when no installation is under way: then it has to begin again. */
  onInquiry(index: number): boolean {
    const incoming = this.#incoming
    if (!this.#core.installing || incoming?.meta.index !== index) return false
    this.#answer(index, incoming.from, incoming.written, incoming.term)
    return true
  }

  onWritten(index: number, chunk: number): void {
    const incoming = this.#incoming
    this.#writing--
    if (incoming === undefined || incoming.meta.index !== index || chunk !== incoming.written) return
    incoming.written++
    this.#answer(index, incoming.from, incoming.written, incoming.term)
    if (incoming.written <= incoming.lastChunk) return
    if (index <= this.#core.commitIndex) {
      // Entries overtook it: installing it now would take the state back.
      mark('raft/snapshot-overtaken')
      this.#incoming = undefined
      this.#answerInstalled(index, incoming.from, incoming.term)
      return
    }
    this.#core.installing = true
    this.#core.emit({ type: 'install-snapshot', meta: incoming.meta })
  }

  onInstalled(index: number): void {
    const core = this.#core
    const incoming = this.#incoming
    if (!core.installing || incoming?.meta.index !== index) return
    const { meta } = incoming
    this.#incoming = undefined
    core.installing = false
    // Entries that arrived meanwhile and agree with it stay; anything else conflicts with what is committed.
    if (core.log.termAt(meta.index) !== meta.term) {
      core.log.reset(meta.index, meta.term)
      core.persistence.wasReset()
    }
    core.commitTo(meta.index)
    core.appliedIndex = meta.index
    core.membership = meta.membership
    core.emit({ type: 'membership', membership: meta.membership, index: meta.index })
    this.#answerInstalled(meta.index, incoming.from, incoming.term)
  }

  #take(incoming: Incoming, chunk: SnapshotChunk): void {
    if (chunk.chunk !== incoming.received || chunk.chunk > incoming.lastChunk) {
      // A copy, or one that overtook another: say what is wanted, and the leader goes on from there.
      this.#answer(incoming.meta.index, incoming.from, incoming.written)
      return
    }
    incoming.received++
    this.#writing++
    if (chunk.last) incoming.lastChunk = chunk.chunk
    this.#core.emit({
      type: 'write-snapshot',
      meta: incoming.meta,
      chunk: chunk.chunk,
      last: chunk.last,
      bytes: chunk.bytes,
    })
  }

  #answer(index: number, to: NodeId, nextChunk: number, inTerm: Term = this.#core.term): void {
    const { id, term } = this.#core
    if (inTerm !== term) return
    const response = {
      type: 'snapshot-response',
      from: id,
      to,
      term,
      index: logIndex(index),
      nextChunk,
    } as const
    this.#core.send({ ...response, installed: false })
  }

  /** Promises that everything up to the index is durable: waits for the disk. */
  #answerInstalled(index: number, to: NodeId, inTerm: Term = this.#core.term): void {
    const { id, term } = this.#core
    if (inTerm !== term) return
    const response = {
      type: 'snapshot-response',
      from: id,
      to,
      term,
      index: logIndex(index),
      nextChunk: 0,
    } as const
    this.#core.persistence.hold({ ...response, installed: true })
  }
}
