/**
 * What an object does when one operation comes after the other: what a history is held against. A register, in full:
 *
 * ```ts
 * const register: Model<number, { write: number } | 'read', number | undefined> = {
 *   initial: 0,
 *   step: (state, input, output) =>
 *     input !== 'read' ? input.write : output === state ? state : refused,
 * }
 * checkLinearizable(recorder.history(), register)
 * ```
 *
 * `step` is a pure function and never changes a state in place.
 */
export interface Model<State, Input, Output> {
  /** The state that each part of the history begins with. */
  readonly initial: State
  /**
   * The state after the operation; `refused` when this state cannot give this answer. `output` is undefined when the
   * outcome is unknown: then the state after the call if it happens now, whatever it would have answered.
   */
  step(state: State, input: Input, output: Output | undefined): State | typeof refused
  /**
   * The names of the objects that a call is about. Calls that share none, not even through others, are checked apart,
   * which makes a history of many keys easy. Left out, there is one object.
   */
  keysOf?(input: Input): readonly string[]
  /**
   * True for a call that never changes the state when it is answered like this (undefined: whatever it answers): reads,
   * and comparisons that failed. Left out, every call may change it: still right, and slower.
   */
  observes?(input: Input, output: Output | undefined): boolean
  /**
   * A value for each state, so that the same states have the same one. Left out, states are compared by what they hold:
   * arrays, plain objects, Maps and Sets by their content.
   */
  stateKey?(state: State): string | number
  /** One line for a person: `read → 3`. */
  describe?(input: Input, output: Output | undefined): string
  describeState?(state: State): string
}

/** What `step` returns when the state cannot give that answer. */
export const refused: unique symbol = Symbol('refused')
