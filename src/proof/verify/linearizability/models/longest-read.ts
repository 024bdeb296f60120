import type { Pruning, PruningFor } from '../search/compiled-model.ts'
import type { InternedModel } from '../search/interned-model.ts'

/** What only grows at its end: a list, a text that is appended to. */
export interface Growth<State> {
  lengthOf(state: State): number
  begins(whole: State, beginning: State): boolean
}

/**
 * Hints for what only grows: it passes through the values that are read, shortest first, and each begins the longest.
 * So a state that is longer than a read to come has lost it, and one that does not begin the longest read has lost all
 * reads as long as itself. `reads`: for each operation what it must see, undefined for those that are no reads.
 */
export function longestRead<State>(
  compiled: Pick<InternedModel<State, never, never>, 'states'>,
  reads: readonly (State | undefined)[],
  growth: Growth<State>,
): PruningFor {
  const lengths = Int32Array.from(reads, (read) => (read === undefined ? -1 : growth.lengthOf(read)))
  return (chosen) => new LongestRead(compiled.states, reads, lengths, growth, chosen)
}

class LongestRead<State> implements Pruning {
  readonly #states: readonly State[]
  readonly #growth: Growth<State>
  /** For each operation the length of what it reads, -1 for others. */
  readonly #lengths: Int32Array
  readonly #longest: State | undefined
  readonly #isContradiction: boolean
  /** By length: how many reads of it are not placed; and how many there are in all. */
  readonly #left: Int32Array
  #leftInAll = 0
  /** For each state whether it begins the longest read. */
  readonly #onTheWay: (boolean | undefined)[] = []

  constructor(
    states: readonly State[],
    reads: readonly (State | undefined)[],
    lengths: Int32Array,
    growth: Growth<State>,
    chosen: Int32Array,
  ) {
    this.#states = states
    this.#growth = growth
    this.#lengths = lengths
    let longest = -1
    for (const operation of chosen)
      if (lengths[operation]! > (longest < 0 ? -1 : lengths[longest]!)) longest = operation
    const whole = longest < 0 ? undefined : reads[longest]!
    this.#longest = whole
    this.#left = new Int32Array(longest < 0 ? 0 : lengths[longest]! + 1)
    for (const operation of chosen) this.removed(operation)
    this.#isContradiction = chosen.some(
      (operation) => lengths[operation]! >= 0 && !growth.begins(whole!, reads[operation]!),
    )
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
    return !this.#isOnTheWay(after)
  }

  #isOnTheWay(state: number): boolean {
    return (this.#onTheWay[state] ??= this.#growth.begins(this.#longest!, this.#states[state]!))
  }

  #count(length: number, change: number): void {
    if (length < 0) return
    this.#left[length]! += change
    this.#leftInAll += change
  }
}
