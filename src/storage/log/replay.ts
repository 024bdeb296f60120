import { type GroupId, type LogIndex, logIndex, type Term, term } from '../../foundation/ids.ts'
import type { HardState } from '../../protocols/raft/effect.ts'
import type { Entry } from '../../protocols/raft/entry.ts'
import type { RecoveredGroup } from './log.ts'
import { decodeBatch, type RecordVisitor } from './record-decoder.ts'

/**
 * Plays segments again, oldest first. The oldest segment that is left may begin in the middle of a group's history: what
 * came before is gone because something later made it needless. So holes are allowed on the way and judged at the end.
 */
export class Replay implements RecordVisitor {
  readonly #groups = new Map<GroupId, ReplayedGroup>()
  #segment = 0
  /** All segments before this one were given up. */
  oldestNeeded = 1

  play(segment: number, body: Uint8Array): void {
    this.#segment = segment
    decodeBatch(body, this)
  }

  hardState(group: GroupId, hardState: HardState): void {
    this.#of(group).hardState = hardState
  }

  reset(group: GroupId, index: LogIndex, inTerm: Term): void {
    const replayed = this.#of(group)
    replayed.base = { index, term: inTerm }
    replayed.last = index
    replayed.slots = []
  }

  compacted(group: GroupId, index: LogIndex, inTerm: Term): void {
    const replayed = this.#of(group)
    if (index > replayed.base.index) replayed.base = { index, term: inTerm }
  }

  restated(group: GroupId, base: { readonly index: LogIndex; readonly term: Term }, last: LogIndex): void {
    const replayed = this.#of(group)
    replayed.base = base
    replayed.last = last
    replayed.truncate(last + 1)
  }

  entries(group: GroupId, entries: readonly Entry[]): void {
    const replayed = this.#of(group)
    replayed.truncate(entries[0]!.index)
    for (const entry of entries) replayed.put(entry, this.#segment)
    replayed.last = entries.at(-1)!.index
  }

  rewritten(group: GroupId, entries: readonly Entry[]): void {
    const replayed = this.#of(group)
    for (const entry of entries) replayed.put(entry, this.#segment)
  }

  released(segment: number): void {
    this.oldestNeeded = Math.max(this.oldestNeeded, segment)
  }

  /** Forgets what was played: segments are missing after it, so all of it was given up. */
  restart(): void {
    this.#groups.clear()
  }

  /** What the log holds of each group, and the first thing that is missing, in words. */
  finish(): { readonly groups: readonly ReplayedGroup[]; readonly missing: string | undefined } {
    const groups = [...this.#groups.values()].sort((a, b) => a.group - b.group)
    let missing: string | undefined
    for (const replayed of groups) missing ??= replayed.finish()
    return { groups, missing }
  }

  #of(group: GroupId): ReplayedGroup {
    let replayed = this.#groups.get(group)
    if (replayed === undefined) {
      replayed = new ReplayedGroup(group)
      this.#groups.set(group, replayed)
    }
    return replayed
  }
}

interface Slot {
  readonly entry: Entry
  readonly segment: number
}

export class ReplayedGroup implements RecoveredGroup {
  readonly group: GroupId
  hardState: HardState = { term: term(0), vote: undefined, commitIndex: logIndex(0) }
  base: { readonly index: LogIndex; readonly term: Term } = { index: logIndex(0), term: term(0) }
  last: LogIndex = logIndex(0)
  /** `slots[i]` has the entry at index `#first + i`. */
  slots: (Slot | undefined)[] = []
  entries: readonly Entry[] = []
  #first = 0

  constructor(group: GroupId) {
    this.group = group
  }

  truncate(from: number): void {
    if (from - this.#first < this.slots.length) this.slots.length = Math.max(0, from - this.#first)
  }

  put(entry: Entry, segment: number): void {
    if (this.slots.length === 0) this.#first = entry.index
    if (entry.index < this.#first) {
      this.slots = [...new Array<undefined>(this.#first - entry.index).fill(undefined), ...this.slots]
      this.#first = entry.index
    }
    const at = entry.index - this.#first
    while (this.slots.length < at) this.slots.push(undefined)
    this.slots[at] = { entry, segment }
  }

  at(index: number): Entry | undefined {
    return this.slots[index - this.#first]?.entry
  }

  segmentOf(index: number): number {
    return this.slots[index - this.#first]!.segment
  }

  /** Keeps what comes after the base; says in words what is missing. */
  finish(): string | undefined {
    const entries: Entry[] = []
    for (let index = this.base.index + 1; index <= this.last; index++) {
      const entry = this.at(index)
      if (entry === undefined)
        return `entry ${index} of group ${this.group}, which ends at ${this.last}, is missing`
      entries.push(entry)
    }
    this.entries = entries
    return undefined
  }
}
