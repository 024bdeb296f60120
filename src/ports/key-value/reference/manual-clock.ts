/** The time of a reference model. A `Runtime` can give one: `{ nowMs: () => runtime.clock.monotonicMs(), … }`. */
export interface ModelClock {
  nowMs(): number
  /** Calls `fire` once, no earlier than `delayMs` from now. */
  timer(delayMs: number, fire: () => void): { cancel(): void }
}

interface ManualTimer {
  readonly atMs: number
  readonly fire: () => void
}

/**
 * Time that stands still until somebody moves it.
 *
 * ```ts
 * const clock = new ManualClock()
 * const model = new ReferenceModel(clock)
 * await clock.advance(1_000)
 * ```
 */
export class ManualClock implements ModelClock {
  #nowMs = 0
  readonly #timers = new Set<ManualTimer>()

  nowMs(): number {
    return this.#nowMs
  }

  timer(delayMs: number, fire: () => void): { cancel(): void } {
    const timer = { atMs: this.#nowMs + Math.max(0, delayMs), fire }
    this.#timers.add(timer)
    return { cancel: () => this.#timers.delete(timer) }
  }

  /** Fires what is due on the way, at its own time, and lets what follows from it happen before going on. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms
    for (;;) {
      await settled()
      const [next] = [...this.#timers].sort((left, right) => left.atMs - right.atMs)
      if (next === undefined || next.atMs > endMs) break
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      this.#timers.delete(next)
      next.fire()
    }
    this.#nowMs = Math.max(this.#nowMs, endMs)
    await settled()
  }
}

/** Enough turns for the calls of a reference store that are under way to end. */
async function settled(): Promise<void> {
  for (let turns = 0; turns < 100; turns++) await undefined
}
