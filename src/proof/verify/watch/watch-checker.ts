import { compareBytes, equalBytes, text } from '../../../foundation/bytes.ts'

/** One change, as it was committed or as a watch shows it. */
export interface WatchedChange {
  readonly key: Uint8Array
  /** Undefined for a deletion. */
  readonly value: Uint8Array | undefined
  /** Where in the order of commits; changes of one commit share it. */
  readonly version: number
  /** Its number among the changes of its commit, from 1. */
  readonly ordinal: number
}

/** Right after the change with this index and ordinal. */
export interface WatchPlace {
  readonly index: number
  readonly ordinal: number
}

/**
 * Holds what one watch shows against what was committed: exactly the changes of its range after its place, in order,
 * each once. What was committed may grow meanwhile.
 *
 * ```ts
 * const checker = new WatchChecker(committed, { from, to }, place)
 * const problem = checker.shown(change) ?? checker.reached(place)
 * ```
 */
export class WatchChecker {
  readonly #committed: readonly WatchedChange[]
  readonly #from: Uint8Array
  readonly #to: Uint8Array | undefined
  /** Everything of the range before this was shown. */
  #next: number

  /** `committed`: in order; the same array for as long as the watch is checked. */
  constructor(
    committed: readonly WatchedChange[],
    { from, to }: { readonly from: Uint8Array; readonly to?: Uint8Array | undefined },
    place: WatchPlace,
  ) {
    this.#committed = committed
    this.#from = from
    this.#to = to
    this.#next = firstAfter(committed, place)
  }

  /** What is wrong with it; undefined when it is what comes next. */
  shown(change: WatchedChange): string | undefined {
    const expected = this.#expected()
    const isSame =
      expected !== undefined &&
      expected.version === change.version &&
      expected.ordinal === change.ordinal &&
      equalBytes(expected.key, change.key) &&
      sameValue(expected.value, change.value)
    if (!isSame) return differs(expected, describe(change))
    this.#next++
    return undefined
  }

  /** It says that everything of its range up to there was shown. */
  reached(place: WatchPlace): string | undefined {
    const expected = this.#expected()
    if (expected === undefined || isAfter(expected, place)) return undefined
    return differs(expected, `nothing more up to ${place.index}.${place.ordinal}`)
  }

  /** All that was committed of its range so far was shown. */
  get isCaughtUp(): boolean {
    return this.#expected() === undefined
  }

  #expected(): WatchedChange | undefined {
    const committed = this.#committed
    while (this.#next < committed.length && !this.#isInRange(committed[this.#next]!.key)) this.#next++
    return committed[this.#next]
  }

  #isInRange(key: Uint8Array): boolean {
    return compareBytes(this.#from, key) <= 0 && (this.#to === undefined || compareBytes(key, this.#to) < 0)
  }
}

const isAfter = ({ version, ordinal }: WatchedChange, place: WatchPlace): boolean =>
  version > place.index || (version === place.index && ordinal > place.ordinal)

function firstAfter(changes: readonly WatchedChange[], place: WatchPlace): number {
  let low = 0
  let high = changes.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (isAfter(changes[middle]!, place)) high = middle
    else low = middle + 1
  }
  return low
}

const sameValue = (left: Uint8Array | undefined, right: Uint8Array | undefined): boolean =>
  left === undefined || right === undefined ? left === right : equalBytes(left, right)

const differs = (expected: WatchedChange | undefined, shown: string): string =>
  `next is ${expected === undefined ? 'no change' : describe(expected)}, shown was ${shown}`

const describe = ({ key, value, version, ordinal }: WatchedChange): string =>
  `${value === undefined ? 'delete' : 'put'} ${text(key)} at ${version}.${ordinal}`
