import type { Group } from '../../../engines/embedded/group.ts'
import type { ChangeFeed } from '../../../engines/embedded/state-machine/change-feed.ts'
import { text } from '../../../foundation/bytes.ts'
import { checksum } from '../../../foundation/checksum.ts'
import { type GroupId, type LogIndex, logIndex, type NodeId } from '../../../foundation/ids.ts'
import type { Entry } from '../../../protocols/raft/entry.ts'
import { decodeCommand } from '../../../wire/command/codec.ts'
import type { Command, CommandResult } from '../../../wire/command/command.ts'
import type { FeedPlace, WireChange } from '../../../wire/parcel/parcel.ts'
import { ExpectedState, type StepEvents, UnexpectedStep } from '../expected-state.ts'
import { BrokenInvariant, type Invariant } from './invariant.ts'

export interface CommittedChangesOptions {
  /** As the state machine has it. */
  readonly expiredPerEntryMax?: number
  readonly events?: StepEvents
}

/** What an entry did, the same on every node. */
interface Applied {
  /** 0 when it changed nothing. */
  readonly sum: number
  /** The feed keeps nothing up to here; undefined until that was seen. */
  compactedIndex: number | undefined
}

const silent: StepEvents = {
  leaseExpired: () => {},
  leaseEnded: () => {},
  leaseGranted: () => {},
  keyExpired: () => {},
}

/**
 * Every change that was committed, in order: what all watches must show. Also the state after the newest entry, and where
 * each key was when.
 *
 * The changes of an entry follow from its command and what was there before (see `ExpectedState`), every node tells the
 * same of it, and every node's feed holds the same after the same entry, also one that came from a table or a snapshot.
 */
export class CommittedChanges implements Invariant {
  readonly name = 'the change feed is what was committed'
  readonly all: WireChange[] = []
  readonly expected: ExpectedState
  /** Of the nodes that are up. */
  readonly #feeds = new Map<NodeId, ChangeFeed>()
  #compactedIndex = 0
  readonly #applied: Applied[] = [{ sum: 0, compactedIndex: 0 }]
  /** Indexes of the entries that changed something, in order. */
  readonly #changedAt: number[] = []
  readonly #versionsOf = new Map<string, { readonly index: number; readonly version: number }[]>()
  /** The newest entry, until its changes are known. */
  #open:
    | {
        readonly node: NodeId
        readonly command: Command | undefined
        readonly result: CommandResult | undefined
      }
    | undefined
  /** What a node has yet to tell of an entry that others have applied. */
  readonly #owed = new Map<NodeId, LogIndex>()

  constructor({ expiredPerEntryMax = 1_024, events = silent }: CommittedChangesOptions = {}) {
    this.expected = new ExpectedState(expiredPerEntryMax, events)
  }

  /** The newest entry that some node has applied. */
  get newestIndex(): LogIndex {
    return logIndex(this.#applied.length - 1)
  }

  /** Where it is now, as a place. */
  get end(): FeedPlace {
    return { index: logIndex(this.newestIndex + 1), ordinal: 0 }
  }

  /** No node keeps changes up to here any more once it has applied the newest entry. */
  get compactedIndex(): number {
    return this.#compactedIndex
  }

  /** Whether a key had this version (0 for absent) after some entry of these, both included. */
  wasThere(key: string, version: number, from: number, to: number): boolean {
    const history = this.#versionsOf.get(key) ?? []
    for (let i = history.length - 1; i >= -1; i--) {
      const { index, version: had } = history[i] ?? { index: 0, version: 0 }
      if (index <= to && had === version) return true
      if (index <= from) return false
    }
    return false
  }

  applied(node: NodeId, group: GroupId, entry: Entry, result: CommandResult | undefined): void {
    if (group !== 0) return
    this.#settle(node)
    if (entry.index <= this.newestIndex) {
      if (this.#applied[entry.index]!.sum !== 0) this.#owed.set(node, entry.index)
      return
    }
    // A command that is none leaves everything as it was.
    const command =
      entry.kind === 'command' && result?.kind !== 'invalid' ? decodeCommand(entry.data) : undefined
    this.#open = { node, command, result }
    this.#applied.push({ sum: 0, compactedIndex: this.#applied.at(-1)!.compactedIndex })
  }

  changed(node: NodeId, group: GroupId, index: LogIndex, changes: readonly WireChange[]): void {
    if (group !== 0) return
    const sum = sumOf(changes)
    const feed = this.#feeds.get(node)
    if (this.#open?.node === node) {
      this.#applied[index] = { sum, compactedIndex: undefined }
      this.#compareCompaction(node, index, feed)
      this.#take(index, changes)
      return
    }
    const known = this.#applied[index]
    if (sum !== known?.sum || this.#owed.get(node) !== index)
      throw this.#broken(`node ${node} tells other changes of entry ${index} than the others`)
    this.#owed.delete(node)
    this.#compareCompaction(node, index, feed)
  }

  stepped(node: NodeId): void {
    if (this.#open !== undefined || this.#owed.size > 0) this.#settle(node)
  }

  restarted(node: NodeId): void {
    this.#settle(node)
    this.#feeds.delete(node)
  }

  reloaded(node: NodeId, { id, appliedIndex, stateMachine }: Group): void {
    if (id !== 0) return
    this.#feeds.set(node, stateMachine.feed)
    this.compareFeed(node, appliedIndex, stateMachine.feed)
  }

  /** Holds the feed of a node that has applied up to `applied` against what was committed. */
  compareFeed(node: NodeId, applied: LogIndex, feed: ChangeFeed): void {
    this.#settle(node)
    this.#compareCompaction(node, applied, feed)
    const { compactedIndex } = feed
    let next = firstAbove(this.#changedAt, compactedIndex)
    for (const { index, changes } of feed.after(compactedIndex)) {
      if (index !== this.#changedAt[next] || sumOf(changes) !== this.#applied[index]!.sum)
        throw this.#broken(
          `the feed of node ${node} holds entry ${index} where ${this.#changedAt[next]} is next`,
        )
      next++
    }
    const missing = this.#changedAt[next]
    if (missing !== undefined && missing <= applied)
      throw this.#broken(`the feed of node ${node} lacks entry ${missing}, and it has applied ${applied}`)
  }

  #compareCompaction(node: NodeId, applied: LogIndex, feed: ChangeFeed | undefined): void {
    if (feed === undefined) return
    const known = (this.#applied[applied]!.compactedIndex ??= feed.compactedIndex)
    this.#compactedIndex = Math.max(this.#compactedIndex, known)
    if (feed.compactedIndex === known) return
    throw this.#broken(
      `node ${node} keeps changes after ${feed.compactedIndex} once it has applied ${applied}, others after ${known}`,
    )
  }

  /** What was applied before is complete now. */
  #settle(node: NodeId): void {
    if (this.#open !== undefined) this.#take(this.newestIndex, [])
    const owed = this.#owed.get(node)
    if (owed !== undefined) throw this.#broken(`node ${node} tells no changes of entry ${owed}, others did`)
  }

  #take(index: number, changes: readonly WireChange[]): void {
    const { command, result } = this.#open!
    this.#open = undefined
    if (changes.length > 0) this.#changedAt.push(index)
    for (const change of changes) {
      this.all.push(change)
      const key = text(change.key)
      const version = change.value === undefined ? 0 : change.version
      const history = this.#versionsOf.get(key)
      if (history === undefined) this.#versionsOf.set(key, [{ index, version }])
      else history.push({ index, version })
    }
    if (command !== undefined && result !== undefined) {
      try {
        this.expected.step(index, command, result, changes)
      } catch (error) {
        if (!(error instanceof UnexpectedStep)) throw error
        throw this.#broken(error.message)
      }
    } else if (changes.length > 0) {
      throw this.#broken(`entry ${index} is no command and changed something`)
    }
  }

  #broken(message: string): BrokenInvariant {
    return new BrokenInvariant(this.name, message)
  }
}

/** Never 0. */
function sumOf(changes: readonly WireChange[]): number {
  let sum = changes.length
  for (const { key, value, version, ordinal } of changes) {
    sum = checksum(key, sum)
    if (value !== undefined) sum = checksum(value, sum)
    sum = (Math.imul(sum ^ version, 0x9e37_79b1) ^ ordinal) >>> 0
    if (value === undefined) sum ^= 1
  }
  return sum + 1
}

function firstAbove(sorted: readonly number[], index: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! > index) high = middle
    else low = middle + 1
  }
  return low
}
