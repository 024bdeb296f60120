import { assert } from '../../foundation/assert.ts'

/**
 * The sequence numbers of one session: handed out in order, given back in any order. Everything below `lowWater` was
 * given back, so the cluster may forget its responses.
 */
export class SequenceWindow {
  #next = 1
  #lowWater = 1
  readonly #releasedAbove = new Set<number>()

  get lowWater(): number {
    return this.#lowWater
  }

  take(): number {
    return this.#next++
  }

  /** Giving a number back twice does nothing. */
  release(sequence: number): void {
    assert(sequence < this.#next, 'only a number that was taken is given back')
    if (sequence < this.#lowWater) return
    if (sequence !== this.#lowWater) {
      this.#releasedAbove.add(sequence)
      return
    }
    this.#lowWater++
    while (this.#releasedAbove.delete(this.#lowWater)) this.#lowWater++
  }
}
