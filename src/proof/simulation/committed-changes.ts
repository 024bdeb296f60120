import { compareBytes, equalBytes, text } from '../../foundation/bytes.ts'
import type { GroupId, NodeId } from '../../foundation/ids.ts'
import type { KeyRange } from '../../ports/key-value/key-value-store.ts'
import { versionFromNumber } from '../../ports/key-value/version.ts'
import type { Entry } from '../../protocols/raft/entry.ts'
import { decodeCommand } from '../../wire/command/codec.ts'
import type { CommandResult } from '../../wire/command/command.ts'
import { type ChangeBatch, comparePlaces } from '../../wire/parcel/change-batch.ts'
import type { FeedPlace, WireChange } from '../../wire/parcel/parcel.ts'
import { BrokenInvariant, type Invariant } from './invariants/invariant.ts'

/**
 * Every change that was committed, in order, told by commands and their results alone: what all watches must show. For
 * workloads in which nothing goes by itself.
 */
export class CommittedChanges implements Invariant {
  readonly name = 'a watch shows every change of its range, in order, once'
  readonly all: WireChange[] = []
  #newest = 0

  applied(_node: NodeId, _group: GroupId, entry: Entry, result: CommandResult | undefined): void {
    if (entry.index <= this.#newest) return
    this.#newest = entry.index
    // A retry is answered by what the first one did.
    if (result?.kind !== 'committed' || result.version !== versionFromNumber(entry.index)) return
    const command = decodeCommand(entry.data)
    if (command.kind !== 'commit') return
    let ordinal = 0
    for (const [i, operation] of command.operations.entries()) {
      if (operation.kind === 'delete' && !result.existed[i]) continue
      const value = operation.kind === 'put' ? operation.value : undefined
      this.all.push({ key: operation.key, value, version: result.version, ordinal: ++ordinal })
    }
  }

  /** Where it is now, as a place. */
  get end(): FeedPlace {
    return { index: (this.#newest + 1) as FeedPlace['index'], ordinal: 0 }
  }
}

/** Holds what one watch is given against what was committed, change by change. */
export class CheckedWatch {
  readonly #truth: CommittedChanges
  readonly #range: KeyRange
  #next: number
  /** Changes seen. */
  seen = 0

  constructor(truth: CommittedChanges, range: KeyRange, from: FeedPlace) {
    this.#truth = truth
    this.#range = range
    const first = truth.all.findIndex((change) => comparePlaces(placeAfter(change), from) > 0)
    this.#next = first === -1 ? truth.all.length : first
  }

  given({ changes, upTo }: ChangeBatch): void {
    for (const change of changes) {
      const expected = this.#expected()
      const isSame =
        expected !== undefined &&
        equalBytes(expected.key, change.key) &&
        comparePlaces(placeAfter(expected), placeAfter(change)) === 0 &&
        sameValue(expected.value, change.value)
      if (!isSame) throw this.#broken(expected, describe(change))
      this.#next++
      this.seen++
    }
    this.upTo(upTo)
  }

  /** It says that there was nothing else up to here. */
  upTo(place: FeedPlace): void {
    const expected = this.#expected()
    if (expected !== undefined && comparePlaces(placeAfter(expected), place) <= 0)
      throw this.#broken(expected, `nothing up to ${place.index}.${place.ordinal}`)
  }

  #expected(): WireChange | undefined {
    const { all } = this.#truth
    const { from, to } = this.#range
    for (; this.#next < all.length; this.#next++) {
      const { key } = all[this.#next]!
      if (compareBytes(from, key) <= 0 && (to === undefined || compareBytes(key, to) < 0)) break
    }
    return all[this.#next]
  }

  #broken(expected: WireChange | undefined, found: string): BrokenInvariant {
    const next = expected === undefined ? 'no change' : describe(expected)
    return new BrokenInvariant(this.#truth.name, `next was ${next}, given was ${found}`)
  }
}

const placeAfter = ({ version, ordinal }: WireChange): FeedPlace => ({
  index: version as number as FeedPlace['index'],
  ordinal,
})

const sameValue = (left: Uint8Array | undefined, right: Uint8Array | undefined): boolean =>
  left === undefined || right === undefined ? left === right : equalBytes(left, right)

const describe = ({ key, value, version, ordinal }: WireChange): string =>
  `${value === undefined ? 'delete' : 'put'} ${text(key)} at ${version}.${ordinal}`
