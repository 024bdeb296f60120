import { assert } from '../../foundation/assert.ts'
import type { LogIndex, NodeId } from '../../foundation/ids.ts'
import { mark } from '../../foundation/marks.ts'
import type { RaftEvent } from '../../protocols/raft/event.ts'
import type { SnapshotMeta } from '../../protocols/raft/message.ts'
import type { SnapshotReceiver, Table, TableSnapshot } from '../../storage/table/table.ts'

/** `nowMs` is added by the group. */
type Timeless<Event> = Event extends { nowMs: number } ? Omit<Event, 'nowMs'> : never
export type TransferEvent = Timeless<
  Extract<
    RaftEvent,
    { type: 'snapshot-read' | 'snapshot-read-failed' | 'snapshot-written' | 'snapshot-installed' }
  >
>

export interface SnapshotTransferParts {
  readonly table: Table
  /** A snapshot that cannot be stored: the disk has failed. */
  readonly failed: (error: Error) => never
  /** Makes what was applied durable, in a table that needs no log besides. */
  readonly flush: (done: () => void) => void
  readonly step: (event: TransferEvent) => void
}

/**
 * Carries out what the core says about snapshots: reads chunks of the durable table for followers that are too far
 * behind the log, and takes in the chunks that a leader sends. Sending reads a view of its own and never holds writes
 * up; receiving touches the table only when all of it is there.
 */
export class SnapshotTransfers {
  readonly #table: Table
  readonly #flush: (done: () => void) => void
  readonly #step: (event: TransferEvent) => void
  /** A snapshot that cannot be stored: the disk has failed. */
  readonly #failed: (error: Error) => never
  readonly #outgoing = new Map<NodeId, TableSnapshot>()
  /** Who waits for the flush before a snapshot; what was asked for last counts. */
  readonly #opening = new Map<NodeId, object>()
  #incoming: { readonly meta: SnapshotMeta; readonly receiver: SnapshotReceiver } | undefined

  constructor(parts: SnapshotTransferParts) {
    this.#table = parts.table
    this.#failed = parts.failed
    this.#flush = parts.flush
    this.#step = parts.step
  }

  read(to: NodeId, index: LogIndex | undefined, chunk: number): void {
    if (index === undefined) return this.#open(to, chunk)
    const snapshot = this.#outgoing.get(to)
    if (snapshot?.position.index !== index) return this.#step({ type: 'snapshot-read-failed', to })
    this.#read(to, snapshot, chunk)
  }

  /** Right after a flush that leaves out nothing: after any other one the change feed refers to our log. */
  #open(to: NodeId, chunk: number): void {
    this.done(to)
    const opening = {}
    this.#opening.set(to, opening)
    this.#flush(() => {
      if (this.#opening.get(to) !== opening) return
      this.#opening.delete(to)
      // A snapshot of nothing helps nobody: the core asks again.
      if (this.#table.durablePosition.index === 0) return this.#step({ type: 'snapshot-read-failed', to })
      mark('node/snapshot-sent')
      const snapshot = this.#table.openSnapshot()
      this.#outgoing.set(to, snapshot)
      this.#read(to, snapshot, chunk)
    })
  }

  #read(to: NodeId, source: TableSnapshot, chunk: number): void {
    source.read(chunk, (bytes, last) => {
      if (this.#outgoing.get(to) !== source) return
      this.#step({ type: 'snapshot-read', to, meta: source.position, chunk, last, bytes })
    })
  }

  done(to: NodeId): void {
    this.#opening.delete(to)
    this.#outgoing.get(to)?.close()
    this.#outgoing.delete(to)
  }

  write(meta: SnapshotMeta, chunk: number, bytes: Uint8Array): void {
    if (chunk === 0) {
      this.#incoming?.receiver.discard()
      this.#incoming = { meta, receiver: this.#table.receiveSnapshot(meta) }
    }
    const incoming = this.#incoming
    assert(incoming?.meta.index === meta.index, 'chunks follow the first one of their snapshot')
    incoming.receiver.write(chunk, bytes, (error) => {
      // A chunk of a snapshot that was given up meanwhile is answered too: the core counts what it handed over.
      if (error !== undefined && this.#incoming === incoming) this.#failed(error)
      this.#step({ type: 'snapshot-written', index: meta.index, chunk })
    })
  }

  /** `installed` comes after the table stands at the snapshot, durably, and before the core hears of it. */
  install(meta: SnapshotMeta, installed: () => void): void {
    const incoming = this.#incoming
    assert(incoming?.meta.index === meta.index, 'what is installed was received')
    this.#incoming = undefined
    incoming.receiver.install((error) => {
      if (error !== undefined) return this.#failed(error)
      mark('node/snapshot-installed')
      installed()
      this.#step({ type: 'snapshot-installed', index: meta.index })
    })
  }

  close(): void {
    this.#opening.clear()
    for (const snapshot of this.#outgoing.values()) snapshot.close()
    this.#outgoing.clear()
    this.#incoming?.receiver.discard()
    this.#incoming = undefined
  }
}
