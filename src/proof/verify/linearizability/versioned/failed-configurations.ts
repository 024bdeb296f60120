import { mix } from '../search/mix.ts'
import type { CompiledModel } from './compiled-model.ts'
import type { KeySet } from './key-set.ts'

/**
 * Configurations from which no order was found (Lowe 2017): which operations were placed, and the state they led to.
 * Kept when a search leaves one for good, so that a history that is fine at once costs nothing.
 */
export class FailedConfigurations<State> {
  readonly #model: Pick<CompiledModel<State>, 'equal' | 'hash'>
  readonly #byHash = new Map<number, Failed<State>[]>()
  /** The operations that are placed now, as bits, and their hash: the exclusive or of one number for each. */
  readonly #bits: Int32Array
  #bitsHash = 0
  #count = 0

  constructor(operations: number, model: Pick<CompiledModel<State>, 'equal' | 'hash'>) {
    this.#model = model
    this.#bits = new Int32Array((operations + 31) >> 5)
  }

  /** A state is taken to be a few hundred bytes. */
  get memoryBytes(): number {
    return this.#count * (400 + this.#bits.byteLength)
  }

  /** An operation was placed, or taken away again. */
  toggle(operation: number): void {
    this.#bits[operation >> 5]! ^= 1 << (operation & 31)
    this.#bitsHash ^= mix(operation + 1)
  }

  /** The current configuration failed, for a reason that lies in these keys. */
  add(state: State, reason: KeySet): void {
    const hash = this.#bitsHash ^ this.#model.hash(state)
    this.#count++
    const entry = { bits: this.#bits.slice(), state, reason }
    const bucket = this.#byHash.get(hash)
    if (bucket === undefined) this.#byHash.set(hash, [entry])
    else bucket.push(entry)
  }

  /** Why the configuration with one more operation placed is known to fail; undefined when it is not. */
  reasonWith(operation: number, state: State): KeySet | undefined {
    if (this.#byHash.size === 0) return undefined
    const bucket = this.#byHash.get(this.#bitsHash ^ mix(operation + 1) ^ this.#model.hash(state))
    if (bucket === undefined) return undefined
    this.#bits[operation >> 5]! ^= 1 << (operation & 31)
    const found = bucket.find(
      (entry) => equalBits(entry.bits, this.#bits) && this.#model.equal(entry.state, state),
    )
    this.#bits[operation >> 5]! ^= 1 << (operation & 31)
    return found?.reason
  }
}

interface Failed<State> {
  readonly bits: Int32Array
  readonly state: State
  readonly reason: KeySet
}

function equalBits(left: Int32Array, right: Int32Array): boolean {
  for (let i = 0; i < left.length; i++) if (left[i] !== right[i]) return false
  return true
}
