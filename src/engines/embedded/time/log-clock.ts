/** A longer time between two readings counts as this long. */
const STEP_MS_MAX = 1_000

/**
 * A leader's clock for log time: goes on from the log time that was applied, at the rate of its monotonic clock. No wall
 * clock has a part in it, so none can jump a lease to its end, and what no leader saw pass is not counted.
 *
 * ```ts
 * clock.start(nowMs, stateMachine.logTimeMs)
 * const logTimeMs = clock.read(nowMs, stateMachine.logTimeMs)
 * ```
 *
 * Log time less real time never grows: a leader starts from what was applied, and adds no more than the time that passes.
 * So between the entries that start a lease and end it at least its time to live went by, whoever led meanwhile, given
 * monotonic clocks of about one rate (compare Gray and Cheriton, _Leases_, 1989, section 5).
 *
 * A pause counts for a second at most: when the leader's machine slept, the holders of its leases perhaps did too, or
 * could not reach it, and get the chance to keep them.
 */
export class LogClock {
  #logTimeMs = 0
  #readMs = 0

  /** This node leads from now on. */
  start(nowMs: number, appliedMs: number): void {
    this.#logTimeMs = appliedMs
    this.#readMs = nowMs
  }

  /** The log time of now. Entries of earlier leaders may be applied only now, so `appliedMs` can be ahead. */
  read(nowMs: number, appliedMs: number): number {
    const stepMs = nowMs - this.#readMs
    if (stepMs > 0) {
      this.#logTimeMs += Math.min(stepMs, STEP_MS_MAX)
      this.#readMs = nowMs
    }
    if (this.#logTimeMs < appliedMs) this.#logTimeMs = appliedMs
    return this.#logTimeMs
  }
}
