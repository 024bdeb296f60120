import { randomFillSync } from 'node:crypto'
import type { Random } from '../random.ts'

const POOL_WORDS = 1024

/** Numbers from the operating system, fetched 4 KiB at a time. */
export class NodeRandom implements Random {
  readonly #pool = new Uint32Array(POOL_WORDS)
  #used = POOL_WORDS

  next(): number {
    return this.#uint32() / 0x1_0000_0000
  }

  integer(min: number, max: number): number {
    const range = max - min + 1
    const unit = range <= 0x1_0000_0000 ? this.next() : this.#uint52() / 2 ** 52
    return min + Math.floor(unit * range)
  }

  id(): number {
    return this.#uint52() || 1
  }

  #uint52(): number {
    return (this.#uint32() >>> 12) * 0x1_0000_0000 + this.#uint32()
  }

  #uint32(): number {
    if (this.#used === POOL_WORDS) {
      randomFillSync(this.#pool)
      this.#used = 0
    }
    return this.#pool[this.#used++]!
  }
}
