import type { Pruning, PruningFor } from '../search/compiled-model.ts'
import type { InternedModel } from '../search/interned-model.ts'

/** What only grows at its end: a list, a text that is appended to. */
export interface Growth<State, Read> {
  lengthOf(state: State): number
  /** Whether what was read begins with a state, of which all before the length `from` is known to be the same. */
  begins(whole: Read, state: State, from: number): boolean
  readLengthOf(read: Read): number
  readBegins(whole: Read, beginning: Read): boolean
}

/**
 * Hints for what only grows: it passes through the values that are read, shortest first, and each begins the longest.
 * So a state that is longer than a read to come has lost it, and one that does not begin the longest read has lost all
 * reads as long as itself. `reads`: for each operation what it must see, undefined for those that are no reads.
 */
export function longestRead<State, Read>(
  compiled: Pick<InternedModel<State, never, never>, 'states'>,
  reads: readonly (Read | undefined)[],
  growth: Growth<State, Read>,
): PruningFor {
  const lengths = Int32Array.from(reads, (read) => (read === undefined ? -1 : growth.readLengthOf(read)))
  /** By the longest read: for each operation whether it read a beginning of it, 0 where nobody asked yet. */
  const compared = new Map<number, Uint8Array>()
  const isBeginning = (operation: number, longest: number): boolean => {
    let answers = compared.get(longest)
    if (answers === undefined) compared.set(longest, (answers = new Uint8Array(reads.length)))
    answers[operation] ||= growth.readBegins(reads[longest]!, reads[operation]!) ? 1 : 2
    return answers[operation] === 1
  }
  return (chosen) => {
    const longest = chosen.reduce(
      (most, operation) => (lengths[operation]! > (most < 0 ? -1 : lengths[most]!) ? operation : most),
      -1,
    )
    const contradicts = chosen.some(
      (operation) => lengths[operation]! >= 0 && !isBeginning(operation, longest),
    )
    const whole = longest < 0 ? undefined : reads[longest]!
    return new LongestRead(compiled.states, whole, lengths, growth, chosen, contradicts)
  }
}

class LongestRead<State, Read> implements Pruning {
  readonly #states: readonly State[]
  readonly #growth: Growth<State, Read>
  /** For each operation the length of what it reads, -1 for others. */
  readonly #lengths: Int32Array
  readonly #longest: Read | undefined
  readonly #isContradiction: boolean
  /** By length: how many reads of it are not placed; and how many there are in all. */
  readonly #left: Int32Array
  #leftInAll = 0
  /** For each state whether it begins the longest read. */
  readonly #onTheWay: (boolean | undefined)[] = []

  constructor(
    states: readonly State[],
    longest: Read | undefined,
    lengths: Int32Array,
    growth: Growth<State, Read>,
    chosen: Int32Array,
    isContradiction: boolean,
  ) {
    this.#states = states
    this.#growth = growth
    this.#lengths = lengths
    this.#longest = longest
    this.#left = new Int32Array(longest === undefined ? 0 : growth.readLengthOf(longest) + 1)
    for (const operation of chosen) this.removed(operation)
    this.#isContradiction = isContradiction
  }

  isContradiction(): boolean {
    return this.#isContradiction
  }

  placed(operation: number): void {
    this.#count(this.#lengths[operation]!, -1)
  }

  removed(operation: number): void {
    this.#count(this.#lengths[operation]!, 1)
  }

  loses(before: number, _: number, after: number): boolean {
    if (this.#leftInAll === 0) return false
    const from = this.#growth.lengthOf(this.#states[before]!)
    const to = this.#growth.lengthOf(this.#states[after]!)
    for (let length = from; length < to && length < this.#left.length; length++)
      if (this.#left[length]! > 0) return true
    return !this.#isOnTheWay(after, this.#onTheWay[before] === true ? from : 0)
  }

  #isOnTheWay(state: number, from: number): boolean {
    return (this.#onTheWay[state] ??= this.#growth.begins(this.#longest!, this.#states[state]!, from))
  }

  #count(length: number, change: number): void {
    if (length < 0) return
    this.#left[length]! += change
    this.#leftInAll += change
  }
}
