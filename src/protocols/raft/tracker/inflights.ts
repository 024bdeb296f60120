import { assert } from '../../../foundation/assert.ts'

export interface InflightLimits {
  readonly inflightMessagesMax: number
  readonly inflightBytesMax: number
}

/**
 * Append messages on their way to one follower: a window by number and by bytes. A ring of the last index and the size
 * of each; an acknowledgement frees everything up to its index.
 */
export class Inflights {
  readonly #limits: InflightLimits
  readonly #lastIndexes: Float64Array
  readonly #sizesBytes: Float64Array
  #start = 0
  #count = 0
  #bytes = 0

  constructor(limits: InflightLimits) {
    this.#limits = limits
    this.#lastIndexes = new Float64Array(limits.inflightMessagesMax)
    this.#sizesBytes = new Float64Array(limits.inflightMessagesMax)
  }

  /** A message larger than the window still goes, alone. */
  get isFull(): boolean {
    return this.#count === this.#limits.inflightMessagesMax || this.#bytes >= this.#limits.inflightBytesMax
  }

  add(lastIndex: number, sizeBytes: number): void {
    assert(!this.isFull, 'a message is sent only into a window with room')
    const at = (this.#start + this.#count) % this.#lastIndexes.length
    this.#lastIndexes[at] = lastIndex
    this.#sizesBytes[at] = sizeBytes
    this.#count++
    this.#bytes += sizeBytes
  }

  freeUpTo(index: number): void {
    while (this.#count > 0 && this.#lastIndexes[this.#start]! <= index) {
      this.#bytes -= this.#sizesBytes[this.#start]!
      this.#start = (this.#start + 1) % this.#lastIndexes.length
      this.#count--
    }
  }

  clear(): void {
    this.#start = 0
    this.#count = 0
    this.#bytes = 0
  }
}
