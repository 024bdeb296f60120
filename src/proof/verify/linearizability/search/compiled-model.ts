/**
 * The model of one part of a history, by numbers: operations are known by their place in the part, states by the order
 * in which they were met.
 */
export interface CompiledModel {
  readonly initial: number
  /** The state after the operation, or `REFUSED`. Of unknown outcome: also the state itself, when it has no effect. */
  step(state: number, operation: number): number
  /** 1 for each operation that never changes the state. */
  readonly observes: Uint8Array
  /** The same number for operations that are the same call. */
  readonly calls: Int32Array
  /** The same number for operations that are the same call with the same answer. */
  readonly answered: Int32Array
  /** How many such numbers there are. */
  readonly kinds: number
  /** What is known beyond the steps when only these operations are there, by call. */
  pruningFor(chosen: Int32Array): Pruning | undefined
  /** What the states and all else that is kept take, as an estimate. */
  readonly memoryBytes: number
  describeState(state: number): string
}

export const REFUSED = -1

export type PruningFor = (chosen: Int32Array) => Pruning

/**
 * What a model knows beyond its steps. Every hint must be sound: `loses` only what no order can make good again, `forces`
 * only what does no harm now.
 */
export interface Pruning {
  /** True when it is plain without a search that there is no order. */
  isContradiction?(): boolean
  /** An operation was placed, or taken away again: for counts of what is still to come. */
  placed?(operation: number): void
  removed?(operation: number): void
  /** Whether some required operation that is not placed yet never can be once this one is placed here. */
  loses?(before: number, operation: number, after: number): boolean
  /** Whether nothing else needs to be tried in the stead of this operation, which was accepted and loses nothing. */
  forces?(before: number, operation: number, after: number): boolean
}
