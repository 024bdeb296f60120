/**
 * The sequential object of one partition. `step` is a function: same state, same operation, same answer. States are
 * never changed in place.
 */
export interface CompiledModel<State> {
  readonly initial: State
  /** True when it is plain without a search that no order is accepted; false says nothing. */
  isContradiction(): boolean
  /**
   * The state after the operation; undefined when its answer cannot come from this state. An operation of unknown
   * outcome has no answer to contradict; it gives undefined when it would have no effect.
   */
  step(state: State, operation: number): State | undefined
  /** True for what never changes the state, but by learning what it has been: reads, and comparisons that failed. */
  observes(operation: number): boolean
  equal(left: State, right: State): boolean
  /** A 32-bit integer; equal states have equal hashes. */
  hash(state: State): number
  /** Operations that come before this one in every order that `step` accepts: all that is known of it statically. */
  predecessors(operation: number): readonly number[]
  /** The keys of the partition that an operation touches, as numbers from 0; operations that share none commute. */
  touches(operation: number): readonly number[]
  readonly keys: number
  /**
   * What must be so in the state before the operation, as numbers: each stands for a fact that once lost never comes
   * back (a version, a value that is written once).
   */
  needs(operation: number): readonly number[]
  /** The facts of the state, of those that are needed at all, that the operation ends. */
  ends(state: State, operation: number): readonly number[]
  /** How many facts there are. */
  readonly facts: number
  /** The same call with the same effect, so that two of unknown outcome can stand for each other. */
  sameEffect(left: number, right: number): boolean
  describe(state: State): string
}
