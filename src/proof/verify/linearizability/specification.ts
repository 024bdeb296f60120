import type { Operation } from '../history/operation.ts'
import type { Model } from './model.ts'
import type { CompiledModel, PruningFor } from './search/compiled-model.ts'
import { InternedModel } from './search/interned-model.ts'
import { Times } from './search/schedule.ts'
import { Search } from './search/search.ts'
import { structuralKey } from './search/structural-key.ts'

/** What the checker asks of a model, whichever search decides its parts. */
export interface Specification<Input, Output> {
  keysOf(input: Input): readonly string[]
  /** True for what changes nothing, however it was answered: when its outcome is unknown it tells nothing and is left out. */
  observes(input: Input, output: Output | undefined): boolean
  /**
   * `skippable`: for each operation of unknown outcome whether it happened by its return, if at all. A specification may
   * take it as one that may happen later too.
   */
  prepare(
    operations: readonly Operation<Input, Output>[],
    keys: readonly string[],
    skippable?: Uint8Array,
  ): PreparedPart
  describe(input: Input, output: Output | undefined): string
}

/** A part whose operations are known by their places, in any order. */
export interface PreparedPart {
  /** A search of some of them, given by call. */
  search(chosen: Int32Array): PartSearch
}

/** The search of one part: it can be paused, so that parts take turns. */
export interface PartSearch {
  /** Goes on for that many steps; undefined when there is more to do. */
  run(stepsMax: number): 'valid' | 'invalid' | undefined
  readonly steps: number
  /** What its structures hold, as an estimate. */
  readonly memoryBytes: number
  /** Once `run` said `valid`: places of operations, without those of unknown outcome that nobody noticed. */
  order(): ArrayLike<number>
  /** The states that the last of these led to. */
  lastStates(count: number): string[]
}

/** A model that comes with hints for the search. */
export interface HintedModel<State, Input, Output> extends Model<State, Input, Output> {
  pruningOf(
    compiled: InternedModel<State, Input, Output>,
    operations: readonly Operation<Input, Output>[],
  ): PruningFor
}

/** What decides for a model: itself, where it has a search of its own, or the common one. */
export function specificationOf<State, Input, Output>(
  model: Model<State, Input, Output> | HintedModel<State, Input, Output> | Specification<Input, Output>,
): Specification<Input, Output> {
  if ('prepare' in model) return model
  return {
    keysOf: (input) => model.keysOf?.(input) ?? ONE_OBJECT,
    observes: (input, output) => model.observes?.(input, output) ?? false,
    prepare: (operations, _, skippable) => {
      const compiled = new InternedModel(
        operations,
        model,
        'pruningOf' in model ? (interned) => model.pruningOf(interned, operations) : undefined,
      )
      const calls = Float64Array.from(operations, ({ call }) => call)
      const returns = Float64Array.from(operations, ({ outcome, return: returned }, i) =>
        outcome === 'ok' || skippable?.[i] === 1 ? returned! : Number.POSITIVE_INFINITY,
      )
      const times = new Times(calls, returns, skippable ?? new Uint8Array(operations.length))
      return { search: (chosen) => new CompiledSearch(new Search(times, compiled, chosen), compiled) }
    },
    describe: (input, output) =>
      model.describe?.(input, output) ??
      `${structuralKey(input)}${output === undefined ? '' : ` → ${structuralKey(output)}`}`,
  }
}

const ONE_OBJECT: readonly string[] = ['']

class CompiledSearch implements PartSearch {
  readonly #search: Search
  readonly #model: CompiledModel

  constructor(search: Search, model: CompiledModel) {
    this.#search = search
    this.#model = model
  }

  run(stepsMax: number): 'valid' | 'invalid' | undefined {
    return this.#search.run(stepsMax)
  }

  get steps(): number {
    return this.#search.steps
  }

  get memoryBytes(): number {
    return this.#search.memoryBytes
  }

  order(): ArrayLike<number> {
    return this.#search.order()
  }

  lastStates(count: number): string[] {
    let state = this.#model.initial
    const states = Array.from(
      this.#search.order(),
      (operation) => (state = this.#model.step(state, operation)),
    )
    return states.slice(-count).map((each) => this.#model.describeState(each))
  }
}
