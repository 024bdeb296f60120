/**
 * States an invariant of ours; stays on in production. Bad input from outside gets an error instead.
 *
 * ```ts
 * assert(commitIndex <= lastIndex, 'the commit index is within the log')
 * ```
 */
export function assert(condition: unknown, invariant: string): asserts condition {
  if (!condition) throw new AssertionError(invariant)
}

/** Ends an exhaustive `switch`: the compiler proves that no case is left, and the run-time check keeps it so. */
export function unreachable(value: never): never {
  throw new AssertionError(`no case is left for ${JSON.stringify(value)}`)
}

/** A broken invariant: always a bug in Dure, never a consequence of input. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError'

  constructor(invariant: string) {
    super(`invariant broken: ${invariant}`)
  }
}
