import type { Operation } from '../../history/operation.ts'
import { type Model, refused } from '../model.ts'
import { type CompiledModel, type Pruning, type PruningFor, REFUSED } from './compiled-model.ts'
import { mix } from './mix.ts'
import { structuralKey } from './structural-key.ts'

/**
 * Any model on one part of a history, with its states numbered as they are met and every step remembered: the model's
 * own code runs once for each state and kind of operation, however often the search comes by.
 */
export class InternedModel<State, Input, Output> implements CompiledModel {
  readonly initial: number
  readonly observes: Uint8Array
  readonly calls: Int32Array
  readonly answered: Int32Array
  readonly kinds: number
  readonly #pruningFor: PruningFor | undefined
  readonly states: State[] = []
  readonly #model: Model<State, Input, Output>
  readonly #operations: readonly Operation<Input, Output>[]
  readonly #numbers = new Map<string | number, number>()
  readonly #stateKey: (state: State) => string | number
  readonly #steps = new StepTable()
  #keyLengths = 0

  constructor(
    operations: readonly Operation<Input, Output>[],
    model: Model<State, Input, Output>,
    pruningOf?: (compiled: InternedModel<State, Input, Output>) => PruningFor,
  ) {
    this.#model = model
    this.#operations = operations
    this.#stateKey = model.stateKey?.bind(model) ?? structuralKey
    this.observes = new Uint8Array(operations.length)
    this.calls = new Int32Array(operations.length)
    this.answered = new Int32Array(operations.length)
    const kinds = new Map<string, number>()
    const numberOf = (kind: string): number => {
      let number = kinds.get(kind)
      if (number === undefined) kinds.set(kind, (number = kinds.size))
      return number
    }
    for (let i = 0; i < operations.length; i++) {
      const { input, output, outcome } = operations[i]!
      const isAnswered = outcome === 'ok'
      const call = numberOf(structuralKey(input))
      this.calls[i] = call
      // No text of an input begins with a space.
      this.answered[i] = isAnswered ? numberOf(` ${call} ${structuralKey(output)}`) : call
      if (model.observes?.(input, isAnswered ? output : undefined) === true) this.observes[i] = 1
    }
    this.kinds = kinds.size
    this.initial = this.numberOf(model.initial)
    this.#pruningFor = pruningOf?.(this)
  }

  pruningFor(chosen: Int32Array): Pruning | undefined {
    return this.#pruningFor?.(chosen)
  }

  step(state: number, operation: number): number {
    const kind = this.answered[operation]!
    const known = this.#steps.get(state, kind)
    if (known !== NOT_KNOWN) return known
    const { input, output, outcome } = this.#operations[operation]!
    const after = this.#model.step(this.states[state]!, input, outcome === 'ok' ? output : undefined)
    const number = after === refused ? REFUSED : this.numberOf(after)
    this.#steps.set(state, kind, number)
    return number
  }

  /** The number of a state, met before or not. */
  numberOf(state: State): number {
    const key = this.#stateKey(state)
    let number = this.#numbers.get(key)
    if (number === undefined) {
      number = this.states.push(state) - 1
      this.#numbers.set(key, number)
      this.#keyLengths += typeof key === 'string' ? key.length : 8
    }
    return number
  }

  /** A state is taken to be as large as its key, four times over. */
  get memoryBytes(): number {
    return this.#steps.memoryBytes + 4 * this.#keyLengths + 100 * this.states.length
  }

  describeState(state: number): string {
    const value = this.states[state]!
    return this.#model.describeState?.(value) ?? structuralKey(value)
  }
}

const NOT_KNOWN = -2

/** Steps by state and kind of operation: open addressing in one block of integers. */
class StepTable {
  /** Each: state plus one (0 for none), kind, state after. */
  #slots = new Int32Array(3 << 6)
  #mask = (1 << 6) - 1
  #count = 0

  get memoryBytes(): number {
    return this.#slots.byteLength
  }

  get(state: number, kind: number): number {
    const slots = this.#slots
    for (let slot = hashOf(state, kind) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const at = 3 * slot
      if (slots[at] === state + 1 && slots[at + 1] === kind) return slots[at + 2]!
      if (slots[at] === 0) return NOT_KNOWN
    }
  }

  set(state: number, kind: number, after: number): void {
    if (2 * ++this.#count > this.#mask) this.#grow()
    this.#put(state, kind, after)
  }

  #put(state: number, kind: number, after: number): void {
    const slots = this.#slots
    let slot = hashOf(state, kind) & this.#mask
    while (slots[3 * slot] !== 0) slot = (slot + 1) & this.#mask
    slots[3 * slot] = state + 1
    slots[3 * slot + 1] = kind
    slots[3 * slot + 2] = after
  }

  #grow(): void {
    const old = this.#slots
    this.#slots = new Int32Array(old.length * 2)
    this.#mask = this.#mask * 2 + 1
    for (let at = 0; at < old.length; at += 3)
      if (old[at] !== 0) this.#put(old[at]! - 1, old[at + 1]!, old[at + 2]!)
  }
}

const hashOf = (state: number, kind: number): number => mix(Math.imul(state, 0x9e3779b1) + kind)
