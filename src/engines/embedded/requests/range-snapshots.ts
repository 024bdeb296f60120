import type { Runtime } from '../../../runtime/runtime.ts'
import type { FrozenTable } from '../../../storage/table/table.ts'

/** An unfinished range whose reader does not come back is let go after this. */
const IDLE_MS_MAX = 30_000
/** Each one pins memory and table pages. */
export const RANGE_SNAPSHOTS_MAX = 64

interface Held {
  readonly table: FrozenTable
  usedMs: number
}

/** The frozen views that ranges in pages read from, by the id that travels with each page. */
export class RangeSnapshots {
  readonly #runtime: Runtime
  readonly #held = new Map<number, Held>()
  #isSweeping = false

  constructor(runtime: Runtime) {
    this.#runtime = runtime
  }

  get isFull(): boolean {
    return this.#held.size >= RANGE_SNAPSHOTS_MAX
  }

  hold(table: FrozenTable): number {
    // Drawn at random: another node must not answer for it by coincidence.
    const id = this.#runtime.random.id()
    this.#held.set(id, { table, usedMs: this.#runtime.clock.monotonicMs() })
    if (!this.#isSweeping) this.#sweepLater()
    return id
  }

  find(id: number): FrozenTable | undefined {
    const held = this.#held.get(id)
    if (held !== undefined) held.usedMs = this.#runtime.clock.monotonicMs()
    return held?.table
  }

  release(id: number): void {
    this.#held.get(id)?.table.close()
    this.#held.delete(id)
  }

  close(): void {
    for (const id of [...this.#held.keys()]) this.release(id)
  }

  #sweepLater(): void {
    this.#isSweeping = true
    this.#runtime.timer(IDLE_MS_MAX / 4, () => {
      this.#isSweeping = false
      const oldestMs = this.#runtime.clock.monotonicMs() - IDLE_MS_MAX
      for (const [id, held] of this.#held) if (held.usedMs < oldestMs) this.release(id)
      if (this.#held.size > 0) this.#sweepLater()
    })
  }
}
