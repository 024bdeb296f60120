import { assert } from '../../foundation/assert.ts'
import { type GroupId, type LogIndex, logIndex, type Term, term } from '../../foundation/ids.ts'
import type { HardState } from '../../protocols/raft/effect.ts'
import type { Entry } from '../../protocols/raft/entry.ts'
import type { LogRecord, RecoveredGroup } from './log.ts'

/** Consecutive entries of one group that live in one segment. `segment` 0: in the batch that gathers. */
export interface Run {
  segment: number
  first: number
  last: number
  bytes: number
}

const GATHERING = 0
/** What an entry takes besides its data, roughly: its head, and its share of records and sectors. */
const ENTRY_BYTES = 16

/** What the log must keep of one group, and where it is. Entries themselves are not held. */
class GroupRecords {
  readonly group: GroupId
  hardState: HardState = { term: term(0), vote: undefined, commitIndex: logIndex(0) }
  base: { readonly index: LogIndex; readonly term: Term } = { index: logIndex(0), term: term(0) }
  last: LogIndex = logIndex(0)
  /** In order of index, without overlap. */
  readonly runs: Run[] = []

  constructor(group: GroupId) {
    this.group = group
  }
}

/** Which segments still hold something that is needed, over all groups. */
export class LiveRecords {
  readonly groups = new Map<GroupId, GroupRecords>()
  readonly #runsOf = new Map<number, number>()
  #gathering: { readonly records: GroupRecords; readonly run: Run }[] = []
  #liveBytes = 0

  /** Bytes of entries that are needed, rounded: where part of a run went, its share is taken off. */
  get liveBytes(): number {
    return this.#liveBytes
  }

  isNeeded(segment: number): boolean {
    return this.#runsOf.has(segment)
  }

  restore(recovered: RecoveredGroup, segmentOf: (index: number) => number): void {
    const records = this.#of(recovered.group)
    records.hardState = recovered.hardState
    records.base = recovered.base
    records.last = recovered.entries.at(-1)?.index ?? recovered.base.index
    for (const entry of recovered.entries) {
      const segment = segmentOf(entry.index)
      const bytes = entry.data.length + ENTRY_BYTES
      const run = records.runs.at(-1)
      if (run?.segment === segment) {
        run.last = entry.index
        run.bytes += bytes
      } else {
        records.runs.push({ segment, first: entry.index, last: entry.index, bytes })
        this.#hold(segment)
      }
      this.#liveBytes += bytes
    }
  }

  append(record: LogRecord): void {
    const records = this.#of(record.group)
    const { hardState, reset, compacted, entries } = record
    if (hardState !== undefined) records.hardState = hardState
    if (reset !== undefined) {
      this.#cutFrom(records, 0)
      records.base = reset
      records.last = reset.index
    }
    if (compacted !== undefined && compacted.index > records.base.index) {
      assert(compacted.index <= records.last, 'only entries that exist are compacted')
      this.#cutThrough(records, compacted.index)
      records.base = compacted
    }
    if (entries === undefined || entries.length === 0) return
    const first = entries[0]!.index
    const last = entries[entries.length - 1]!.index
    assert(last - first === entries.length - 1, 'the entries of a record are consecutive')
    assert(first > records.base.index, 'entries come after the base of the log')
    assert(first <= records.last + 1, 'entries leave no hole in the log')
    if (first <= records.last) this.#cutFrom(records, first)
    this.#add(records, { segment: GATHERING, first, last, bytes: bytesOf(entries) }, records.runs.length)
    records.last = last
  }

  /** Entries of `segment` that are needed still are about to be written again: moves them to the batch that gathers. */
  move(group: GroupId, segment: number, entries: readonly Entry[]): void {
    const records = this.#of(group)
    const first = entries[0]!.index
    const last = entries.at(-1)!.index
    const at = records.runs.findIndex(
      (run) => run.segment === segment && run.first <= first && last <= run.last,
    )
    const run = records.runs[at]
    assert(run !== undefined, 'what is rewritten is needed')
    const parts: Run[] = []
    if (run.first < first) parts.push(share(run, run.first, first - 1))
    if (last < run.last) parts.push(share(run, last + 1, run.last))
    this.#drop(run)
    records.runs.splice(at, 1)
    for (const part of parts) {
      const place = records.runs.findIndex((other) => other.first > part.first)
      this.#add(records, part, place === -1 ? records.runs.length : place)
    }
    const place = records.runs.findIndex((other) => other.first > first)
    const moved = { segment: GATHERING, first, last, bytes: bytesOf(entries) }
    this.#add(records, moved, place === -1 ? records.runs.length : place)
  }

  /** The part of [first, last] of a group that lives in `segment`, as index ranges. */
  runsIn(group: GroupId, segment: number): readonly Run[] {
    return this.groups.get(group)?.runs.filter((run) => run.segment === segment) ?? []
  }

  /** The batch that gathered is written to `segment`. */
  place(segment: number): void {
    for (const { records, run } of this.#gathering) {
      if (run.segment !== GATHERING || run.last < run.first) continue
      this.#release(GATHERING)
      run.segment = segment
      this.#hold(segment)
      this.#join(records, run)
    }
    this.#gathering = []
  }

  #of(group: GroupId): GroupRecords {
    let records = this.groups.get(group)
    if (records === undefined) {
      records = new GroupRecords(group)
      this.groups.set(group, records)
    }
    return records
  }

  #add(records: GroupRecords, run: Run, at: number): void {
    const before = records.runs[at - 1]
    if (run.segment === GATHERING && at === records.runs.length && before?.segment === GATHERING) {
      before.last = run.last
      before.bytes += run.bytes
    } else {
      records.runs.splice(at, 0, run)
      this.#hold(run.segment)
      if (run.segment === GATHERING) this.#gathering.push({ records, run })
    }
    this.#liveBytes += run.bytes
  }

  /** Joins a run to the one before it when both lie in one segment, so that runs stay few. */
  #join(records: GroupRecords, run: Run): void {
    const at = records.runs.indexOf(run)
    const before = records.runs[at - 1]
    if (before === undefined || before.segment !== run.segment || before.last + 1 !== run.first) return
    before.last = run.last
    before.bytes += run.bytes
    records.runs.splice(at, 1)
    this.#release(run.segment)
  }

  #cutFrom(records: GroupRecords, index: number): void {
    for (let run = records.runs.at(-1); run !== undefined && run.last >= index; run = records.runs.at(-1)) {
      if (run.first < index) {
        this.#resize(run, run.first, index - 1)
        return
      }
      records.runs.pop()
      this.#drop(run)
    }
  }

  #cutThrough(records: GroupRecords, index: number): void {
    for (let run = records.runs[0]; run !== undefined && run.first <= index; run = records.runs[0]) {
      if (run.last > index) {
        this.#resize(run, index + 1, run.last)
        return
      }
      records.runs.shift()
      this.#drop(run)
    }
  }

  #resize(run: Run, first: number, last: number): void {
    const { bytes } = share(run, first, last)
    this.#liveBytes += bytes - run.bytes
    run.first = first
    run.last = last
    run.bytes = bytes
  }

  #drop(run: Run): void {
    this.#liveBytes -= run.bytes
    this.#release(run.segment)
    run.last = run.first - 1
  }

  #hold(segment: number): void {
    this.#runsOf.set(segment, (this.#runsOf.get(segment) ?? 0) + 1)
  }

  #release(segment: number): void {
    const runs = this.#runsOf.get(segment)
    assert(runs !== undefined, 'only what is held is released')
    if (runs === 1) this.#runsOf.delete(segment)
    else this.#runsOf.set(segment, runs - 1)
  }
}

function share(run: Run, first: number, last: number): Run {
  const bytes = Math.round((run.bytes * (last - first + 1)) / (run.last - run.first + 1))
  return { segment: run.segment, first, last, bytes }
}

function bytesOf(entries: readonly Entry[]): number {
  let bytes = 0
  for (let i = 0; i < entries.length; i++) bytes += entries[i]!.data.length + ENTRY_BYTES
  return bytes
}
