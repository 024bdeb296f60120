import { assert } from '../../../foundation/assert.ts'
import { type LogIndex, logIndex, type NodeId, type Term, term } from '../../../foundation/ids.ts'
import type { RaftConfig } from '../config.ts'
import type { Effect, HardState } from '../effect.ts'
import type { Entry } from '../entry.ts'
import type { RaftEvent } from '../event.ts'
import type { SnapshotMeta } from '../message.ts'
import { Raft } from '../raft.ts'
import { SNAPSHOT_CHUNKS, snapshotChunk, type TestTable, tableFromChunks } from './state-machine.ts'

type EffectOf<Type extends Effect['type']> = Extract<Effect, { type: Type }>
type LogWrite = EffectOf<'persist'> | EffectOf<'compacted'>
type TableWork = EffectOf<'read-snapshot'> | EffectOf<'write-snapshot'> | EffectOf<'install-snapshot'>

/** What survives a crash. */
export class TestDisk {
  hardState: HardState = { term: term(0), vote: undefined, commitIndex: logIndex(0) }
  base: { readonly index: LogIndex; readonly term: Term } = { index: logIndex(0), term: term(0) }
  entries: Entry[] = []
  table: TestTable

  constructor(table: TestTable) {
    this.table = table
  }

  get lastIndex(): number {
    return this.base.index + this.entries.length
  }

  termAt(index: number): Term | undefined {
    if (index === this.base.index) return this.base.term
    return this.entries[index - this.base.index - 1]?.term
  }

  /** Whether the entry with this place is here: in the log, or in what the table or the log's base stand for. */
  holds(index: number, entryTerm: Term): boolean {
    return index <= this.table.index || index < this.base.index || this.termAt(index) === entryTerm
  }

  write(record: LogWrite): void {
    if (record.type === 'compacted') {
      if (record.index <= this.base.index) return
      assert(record.index <= this.table.index, 'the log is cut only below what the table holds durably')
      assert(this.termAt(record.index) === record.term, 'the log is cut at an entry that it holds')
      this.entries = this.entries.slice(record.index - this.base.index)
      this.base = { index: record.index, term: record.term }
      return
    }
    if (record.hardState !== undefined) this.hardState = record.hardState
    if (record.reset !== undefined) {
      assert(this.table.index >= record.reset.index, 'the table comes first, then the log')
      this.base = record.reset
      this.entries = []
    }
    const first = record.entries[0]
    if (first === undefined) return
    assert(first.index > this.base.index && first.index <= this.lastIndex + 1, 'the log on disk has no gap')
    this.entries.length = first.index - this.base.index - 1
    this.entries.push(...record.entries)
  }
}

/** A host with everything in its own hands: nothing is written, read or applied durably until a test says so. */
export class TestNode {
  readonly id: NodeId
  readonly config: RaftConfig
  readonly disk: TestDisk
  raft: Raft
  isUp = true
  /** In memory: applied, perhaps not flushed. */
  table: TestTable
  deadlineMs = 0
  readonly logWrites: LogWrite[] = []
  readonly tableWork: TableWork[] = []
  readonly #opened = new Map<NodeId, TestTable>()
  #receiving: { readonly meta: SnapshotMeta; readonly chunks: Uint8Array[] } | undefined

  constructor(config: RaftConfig, disk: TestDisk) {
    this.id = config.id
    this.config = config
    this.disk = disk
    this.table = disk.table
    this.raft = this.#restore()
  }

  /** Loses what was not written. The first `written` waiting log writes reached the disk, though nobody was told. */
  crash(written: number): void {
    for (const write of this.logWrites.slice(0, written)) this.disk.write(write)
    this.isUp = false
    this.logWrites.length = 0
    this.tableWork.length = 0
    this.#opened.clear()
    this.#receiving = undefined
  }

  restart(): void {
    this.isUp = true
    this.table = this.disk.table
    this.raft = this.#restore()
    this.deadlineMs = 0
  }

  flushTable(): void {
    this.disk.table = this.table
  }

  /** Writes the oldest log writes; the answer for the core, when there is one. */
  writeLog(nowMs: number, count = this.logWrites.length): RaftEvent | undefined {
    let sequence: number | undefined
    for (const write of this.logWrites.splice(0, count)) {
      this.disk.write(write)
      if (write.type === 'persist') sequence = write.sequence
    }
    return sequence === undefined ? undefined : { type: 'persisted', nowMs, sequence }
  }

  /** Does the oldest work on snapshots; the answer for the core. */
  workOnTable(nowMs: number): RaftEvent | undefined {
    const work = this.tableWork.shift()
    if (work === undefined) return undefined
    switch (work.type) {
      case 'read-snapshot': {
        // Who joins with nothing needs a snapshot, also of a table that was never flushed.
        if (this.disk.table.index === 0) this.flushTable()
        if (work.chunk === 0 && work.index === undefined) this.#opened.set(work.to, this.disk.table)
        const table = this.#opened.get(work.to)
        if (table === undefined || (work.index !== undefined && table.index !== work.index)) {
          return { type: 'snapshot-read-failed', nowMs, to: work.to }
        }
        const { digest: _, ...meta } = table
        const last = work.chunk === SNAPSHOT_CHUNKS - 1
        const bytes = snapshotChunk(table, work.chunk)
        return { type: 'snapshot-read', nowMs, to: work.to, meta, chunk: work.chunk, last, bytes }
      }
      case 'write-snapshot': {
        if (work.chunk === 0) this.#receiving = { meta: work.meta, chunks: [] }
        assert(
          this.#receiving?.meta.index === work.meta.index,
          'chunks follow the first one of their snapshot',
        )
        assert(this.#receiving.chunks.length === work.chunk, 'chunks come in order')
        this.#receiving.chunks.push(work.bytes)
        return { type: 'snapshot-written', nowMs, index: work.meta.index, chunk: work.chunk }
      }
      case 'install-snapshot': {
        assert(
          this.#receiving?.chunks.length === SNAPSHOT_CHUNKS,
          'a snapshot is installed when it is complete',
        )
        const table = tableFromChunks(this.#receiving.chunks)
        assert(table.index === work.meta.index, 'the snapshot that is installed is the one that was received')
        assert(table.index > this.table.index, 'a snapshot never takes the state back')
        this.#receiving = undefined
        this.table = table
        this.disk.table = table
        return { type: 'snapshot-installed', nowMs, index: table.index }
      }
    }
  }

  snapshotDone(to: NodeId): void {
    this.#opened.delete(to)
  }

  #restore(): Raft {
    const { hardState, base, entries, table } = this.disk
    return new Raft(this.config, { hardState, log: { base, entries: [...entries] }, applied: table })
  }
}
