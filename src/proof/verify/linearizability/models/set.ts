import type { HistoryValue } from '../../history/event.ts'
import type { Operation } from '../../history/operation.ts'
import { elementsOf } from '../../history/value/parts-of.ts'
import { refused } from '../model.ts'
import type { Pruning } from '../search/compiled-model.ts'
import type { HintedModel } from '../specification.ts'
import { type ElementKey, elementKey } from './element-key.ts'
import { ElementSet } from './element-set.ts'
import {
  callText,
  decodeWith,
  keyOf,
  keysOf,
  type LibraryModel,
  type ModelOptions,
  shortText,
} from './library-model.ts'

/** `key` where there are several sets. */
export type SetInput =
  | { readonly kind: 'add' | 'remove'; readonly element: HistoryValue; readonly key?: string }
  | { readonly kind: 'read'; readonly key?: string }

/** Of a read: all elements, undefined for "anything". Of the others: not looked at. */
export type SetOutput = readonly HistoryValue[] | undefined

/**
 * A set: a read returns what was added and not removed.
 *
 * ```ts
 * checkLinearizable(readHistory('set.edn'), models.set())
 * ```
 */
export function set(options: ModelOptions = {}): LibraryModel<ElementSet, SetInput, SetOutput> {
  return setModel(options)
}

function setModel(
  options: ModelOptions,
): LibraryModel<ElementSet, SetInput, SetOutput> & HintedModel<ElementSet, SetInput, SetOutput> {
  return {
    name: 'set',
    options,
    // A beginning of its own for each check: sets that came from one know each other's elements.
    get initial() {
      return ElementSet.empty()
    },
    forOrigin: () => setModel(options),
    step(state, input, output) {
      if (input.kind === 'read') return output === undefined || state.isOf(output) ? state : refused
      return input.kind === 'add' ? state.with(input.element) : state.without(input.element)
    },
    keysOf,
    observes: ({ kind }) => kind === 'read',
    stateKey: ({ key }) => key,
    describe: (input, output) =>
      input.kind === 'read'
        ? `${callText('read', input.key)}${output === undefined ? '' : ` → ${shortText(new Set(output))}`}`
        : callText(input.kind, input.key, shortText(input.element)),
    describeState: (state) => shortText(new Set(state.elements())),
    decode: (history) =>
      decodeWith<SetInput, SetOutput>(history, 'set', {
        add: (each) => ({ input: { kind: 'add', element: each.value, ...keyOf(each) }, output: undefined }),
        remove: (each) => ({
          input: { kind: 'remove', element: each.value, ...keyOf(each) },
          output: undefined,
        }),
        read(operation, wrongShape) {
          if (operation.outcome !== 'ok' || operation.answer === null) return undefined
          const elements = elementsOf(operation.answer)
          if (elements === undefined) throw wrongShape('answer', 'a set or a list of the elements')
          return { input: { kind: 'read', ...keyOf(operation) }, output: elements }
        },
      }),
    pruningOf: (_, operations) => {
      const numbered = new NumberedSet(operations)
      return (chosen) => new GrowingSet(numbered, chosen)
    },
  }
}

/** For each operation, by numbers: the element that it adds or removes (-1: none), and those that it read. */
class NumberedSet {
  readonly adds: Int32Array
  readonly removes: Uint8Array
  readonly reads: readonly (readonly number[] | undefined)[]
  readonly elements: number

  constructor(operations: readonly Operation<SetInput, SetOutput>[]) {
    const numbers = new Map<ElementKey, number>()
    const numberOf = (element: HistoryValue): number => {
      const key = elementKey(element)
      let number = numbers.get(key)
      if (number === undefined) numbers.set(key, (number = numbers.size))
      return number
    }
    this.adds = Int32Array.from(operations, ({ input }) =>
      input.kind === 'add' ? numberOf(input.element) : -1,
    )
    this.removes = Uint8Array.from(operations, ({ input }) => (input.kind === 'remove' ? 1 : 0))
    this.reads = operations.map(({ input, output, outcome }) =>
      input.kind === 'read' && outcome === 'ok' && output !== undefined
        ? [...new Set(output.map(numberOf))]
        : undefined,
    )
    this.elements = numbers.size
  }
}

/**
 * While nothing is removed, an element that is in stays in: it does not go in before a read that does not have it, and
 * once every read to come has it, nothing speaks against its going in.
 */
class GrowingSet implements Pruning {
  readonly #set: NumberedSet
  readonly #grows: boolean
  /** Reads that are not placed yet, and how many of them have each element. */
  #readsLeft = 0
  readonly #readsWith: Int32Array

  constructor(set: NumberedSet, chosen: Int32Array) {
    this.#set = set
    this.#grows = chosen.every((operation) => set.removes[operation] === 0)
    this.#readsWith = new Int32Array(set.elements)
    for (const operation of chosen) this.removed(operation)
  }

  placed(operation: number): void {
    this.#count(operation, -1)
  }

  removed(operation: number): void {
    this.#count(operation, 1)
  }

  loses(before: number, operation: number, after: number): boolean {
    return this.#grows && before !== after && this.#readsWith[this.#set.adds[operation]!]! < this.#readsLeft
  }

  forces(): boolean {
    return this.#grows
  }

  #count(operation: number, change: number): void {
    const read = this.#set.reads[operation]
    if (read === undefined) return
    this.#readsLeft += change
    for (let i = 0; i < read.length; i++) this.#readsWith[read[i]!]! += change
  }
}
