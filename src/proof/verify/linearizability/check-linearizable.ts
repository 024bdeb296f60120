import type { History } from '../history/operation.ts'
import type { RecordedHistory } from '../history/recorded-history.ts'
import type { Budget } from '../verdict/budget.ts'
import { combineParts, type LinearizabilityResult, type PartResult } from './linearizability-result.ts'
import type { Model } from './model.ts'
import type { LibraryModel } from './models/library-model.ts'
import type { AnyLibraryModel } from './models/models.ts'
import { type PartSearch, type Specification, specificationOf } from './specification.ts'
import { type Part, partsOf } from './split-history.ts'
import { describeWitness } from './witness/describe-witness.ts'

export interface CheckOptions {
  /** 20,000,000 steps, some seconds, and 512 MB unless told. */
  readonly budget?: Budget
  /** True: goes on to the other keys after one that is wrong. */
  readonly findAll?: boolean
}

/** What a history can be held against: the checker's own models, a user's, or one with a search of its own. */
export type AnyModel<Input, Output> =
  // biome-ignore lint/suspicious/noExplicitAny: the states of a model concern the model alone.
  Model<any, Input, Output> | Specification<Input, Output>

/**
 * Whether a history could have come from one copy of the object that does one operation at a time, each between its
 * call and its return (Herlihy and Wing 1990). Operations of unknown outcome take effect at any time after their call,
 * or never; failed ones never.
 *
 * ```ts
 * const result = checkLinearizable(readHistory('etcd_007.log'), models.casRegister())
 * if (result.verdict === 'invalid') console.error(result.witness.drawing)
 * ```
 *
 * Takes a history that was read from a file, with one of `models`, or one of a `HistoryRecorder`, with those or a model
 * of your own. `invalid` is certain for what was recorded; `valid` likewise, but for what the model leaves out.
 */
export function checkLinearizable(
  history: RecordedHistory,
  model: AnyLibraryModel,
  options?: CheckOptions,
): LinearizabilityResult
export function checkLinearizable<Input, Output>(
  history: History<Input, Output>,
  model: AnyModel<Input, Output>,
  options?: CheckOptions,
): LinearizabilityResult
export function checkLinearizable<Input, Output>(
  history: RecordedHistory | History<Input, Output>,
  model: AnyModel<Input, Output> | AnyLibraryModel,
  { budget = {}, findAll = false }: CheckOptions = {},
): LinearizabilityResult {
  const split = splitHistory(history as History<Input, Output>, model as AnyModel<Input, Output>)
  return combineParts(takeTurns(split.parts, specificationOf(split.model), budget, findAll))
}

/** A history by key, and the model that holds for it: each part can be checked by itself, in another thread if need be. */
export interface SplitHistory<Input, Output, Of> {
  readonly parts: readonly Part<Input, Output>[]
  /** Of the library's models: with what the origin of the history decides. */
  readonly model: Of
}

/**
 * ```ts
 * const { parts, model } = splitHistory(readHistory(file), models.casRegister())
 * // in a worker: modelNamed(model.name, model.options)
 * const result = combineParts(parts.map((part) => checkPart(part, model)))
 * ```
 */
export function splitHistory<State, Input, Output>(
  history: RecordedHistory,
  model: LibraryModel<State, Input, Output>,
): SplitHistory<Input, Output, LibraryModel<State, Input, Output>>
export function splitHistory<Input, Output, Of extends AnyModel<Input, Output>>(
  history: History<Input, Output>,
  model: Of & AnyModel<Input, Output>,
): SplitHistory<Input, Output, Of>
export function splitHistory<Input, Output>(
  history: RecordedHistory | History<Input, Output>,
  model: AnyModel<Input, Output> | AnyLibraryModel,
): SplitHistory<Input, Output, AnyModel<Input, Output>> {
  if (!('events' in history)) return { parts: partsOf(history, specificationOf(model)), model }
  if (!('decode' in model))
    throw new TypeError('a recorded history was given with a model that cannot read one: use one of models')
  const resolved = (model as AnyLibraryModel).forOrigin(history.origin)
  return { parts: partsOf(resolved.decode(history), specificationOf(resolved)), model: resolved }
}

/** Checks one part by itself. */
export function checkPart<Input, Output>(
  part: Part<Input, Output>,
  model: AnyModel<Input, Output>,
  budget: Budget = {},
): PartResult {
  return takeTurns([part], specificationOf(model), budget, false)[0]!
}

const STEPS = 20_000_000
const MEMORY_BYTES = 512 * 2 ** 20
/** Of the first turn; a part gets that much more each time it comes round again. */
const TURN_STEPS = 2_000
const TURN_GROWTH = 4
/** How often the budget is looked at. */
const SLICE_STEPS = 4_096

/**
 * The parts in turn, each for a while, so that one that is hard and right does not hide one that is easy and wrong. A
 * part that takes too much memory is given up and the others go on.
 */
function takeTurns<Input, Output>(
  parts: readonly Part<Input, Output>[],
  model: Specification<Input, Output>,
  { steps: stepsMax = STEPS, memoryBytes: memoryMax = MEMORY_BYTES, isOver }: Budget,
  findAll: boolean,
): PartResult[] {
  const results: PartResult[] = []
  let open = parts.map((part) => new OpenPart(part, model))
  let steps = 0
  let heldBytes = 0
  let over: string | undefined
  for (let turn = TURN_STEPS; open.length > 0; turn *= TURN_GROWTH) {
    const unfinished: OpenPart<Input, Output>[] = []
    for (const part of open) {
      if (over !== undefined) {
        results.push(part.unknown(over))
        continue
      }
      heldBytes -= part.memoryBytes
      let verdict: 'valid' | 'invalid' | undefined
      let given: string | undefined
      for (let left = turn; left > 0 && verdict === undefined && given === undefined; left -= SLICE_STEPS) {
        const before = part.steps
        verdict = part.run(Math.min(left, SLICE_STEPS, stepsMax - steps))
        steps += part.steps - before
        if (verdict !== undefined) break
        if (steps >= stepsMax) over = 'the budget of steps is spent'
        else if (isOver?.()) over = 'the time is over'
        if (heldBytes + part.memoryBytes > memoryMax) given = 'the budget of memory is spent'
        given ??= over
      }
      if (given !== undefined) results.push(part.unknown(given))
      else if (verdict === 'valid') results.push(part.valid())
      else if (verdict === 'invalid') {
        results.push(part.invalid())
        if (!findAll) return results
      } else {
        heldBytes += part.memoryBytes
        unfinished.push(part)
      }
    }
    open = unfinished
  }
  return results
}

class OpenPart<Input, Output> {
  readonly #part: Part<Input, Output>
  readonly #model: Specification<Input, Output>
  #search: PartSearch | undefined

  constructor(part: Part<Input, Output>, model: Specification<Input, Output>) {
    this.#part = part
    this.#model = model
  }

  run(stepsMax: number): 'valid' | 'invalid' | undefined {
    const { operations, keys } = this.#part
    this.#search ??= this.#model.prepare(operations, keys).search(Int32Array.from(operations.keys()))
    return this.#search.run(stepsMax)
  }

  get steps(): number {
    return this.#search?.steps ?? 0
  }

  get memoryBytes(): number {
    return this.#search?.memoryBytes ?? 0
  }

  valid(): PartResult {
    return { verdict: 'valid', ...this.#base() }
  }

  unknown(reason: string): PartResult {
    return { verdict: 'unknown', reason, ...this.#base() }
  }

  invalid(): PartResult {
    const base = this.#base()
    // Its memory is needed for the witness.
    this.#search = undefined
    return { verdict: 'invalid', witness: describeWitness(this.#part, this.#model), ...base }
  }

  #base() {
    return {
      key: this.#part.keys.join(', '),
      spent: { steps: this.steps, memoryBytes: this.memoryBytes },
    }
  }
}
