import type { HistoryValue } from '../../history/event.ts'
import type { Operation } from '../../history/operation.ts'
import { equalValues } from '../../history/value/equal-values.ts'
import { valueKey } from '../../history/value/value-key.ts'
import { refused } from '../model.ts'
import type { Pruning } from '../search/compiled-model.ts'
import type { HintedModel } from '../specification.ts'
import {
  callText,
  decodeWith,
  keyOf,
  keysOf,
  type LibraryModel,
  type ModelOptions,
  shortText,
} from './library-model.ts'

/** `key` where there are several queues. */
export type QueueInput =
  | { readonly kind: 'enqueue'; readonly element: HistoryValue; readonly key?: string }
  | { readonly kind: 'dequeue'; readonly key?: string }

/** Of a dequeue: what it took, null for "the queue was empty". Of an enqueue: not looked at. */
export type QueueOutput = HistoryValue | undefined

type Elements = readonly HistoryValue[]

/**
 * A queue, first in first out: a dequeue takes what was enqueued first, or null when there is nothing.
 *
 * ```ts
 * checkLinearizable(readHistory('queue.edn'), models.queue())
 * ```
 *
 * A dequeue that is recorded as failed did not happen.
 */
export function queue(options: ModelOptions = {}): LibraryModel<Elements, QueueInput, QueueOutput> {
  return queueModel(options)
}

function queueModel(
  options: ModelOptions,
): LibraryModel<Elements, QueueInput, QueueOutput> & HintedModel<Elements, QueueInput, QueueOutput> {
  return {
    name: 'queue',
    options,
    initial: [],
    forOrigin: () => queueModel(options),
    step(state, input, output) {
      if (input.kind === 'enqueue') return [...state, input.element]
      if (state.length === 0) return output === undefined || output === null ? state : refused
      return output === undefined || equalValues(state[0]!, output) ? state.slice(1) : refused
    },
    keysOf,
    observes: ({ kind }, output) => kind === 'dequeue' && output === null,
    stateKey: valueKey,
    describe(input, output) {
      if (input.kind === 'enqueue') return callText('enqueue', input.key, shortText(input.element))
      const call = callText('dequeue', input.key)
      if (output === undefined) return call
      return output === null ? `${call} → empty` : `${call} → ${shortText(output)}`
    },
    describeState: (state) => (state.length === 0 ? 'empty' : shortText(state)),
    decode: (history) =>
      decodeWith<QueueInput, QueueOutput>(history, 'queue', {
        enqueue: (each) => ({
          input: { kind: 'enqueue', element: each.value, ...keyOf(each) },
          output: undefined,
        }),
        dequeue: (each) => ({ input: { kind: 'dequeue', ...keyOf(each) }, output: each.answer }),
      }),
    pruningOf: (_, operations) => {
      const elements = operations.map(elementOf)
      return (chosen) => new FirstInFirstOut(operations, elements, chosen)
    },
  }
}

/** What goes in, or is known to have come out. */
function elementOf({ input, output, outcome }: Operation<QueueInput, QueueOutput>): string | undefined {
  if (input.kind === 'enqueue') return valueKey(input.element)
  return outcome !== 'ok' || output === undefined || output === null ? undefined : valueKey(output)
}

/**
 * Hints for elements that are enqueued once: what was taken before another was asked for went in before it; and what
 * nobody took went in after all that was taken, unless a dequeue of unknown outcome may have taken it.
 */
class FirstInFirstOut implements Pruning {
  /** For each enqueue: its place among those whose element was taken, by the return of the dequeue; -1 for others. */
  readonly #placeOf: Int32Array
  /** By that place: which enqueue, and when its element's dequeue was called and returned. */
  readonly #enqueues: readonly number[]
  readonly #dequeueCalls: readonly number[]
  readonly #dequeueReturns: readonly number[]
  readonly #placed: Uint8Array
  readonly #isEnqueue: Uint8Array
  readonly #isNeverTaken: Uint8Array
  readonly #isContradiction: boolean

  constructor(
    operations: readonly Operation<QueueInput, QueueOutput>[],
    elements: readonly (string | undefined)[],
    chosen: Int32Array,
  ) {
    const enqueuesOf = new Map<string, number[]>()
    const dequeuesOf = new Map<string, number[]>()
    let canVanish = false
    for (const operation of chosen) {
      const element = elements[operation]
      if (element === undefined) canVanish ||= operations[operation]!.output !== null
      else push(operations[operation]!.input.kind === 'enqueue' ? enqueuesOf : dequeuesOf, element, operation)
    }
    this.#placed = new Uint8Array(operations.length)
    this.#isEnqueue = new Uint8Array(operations.length)
    this.#isNeverTaken = new Uint8Array(operations.length)
    this.#placeOf = new Int32Array(operations.length).fill(-1)
    const taken: { readonly enqueue: number; readonly call: number; readonly returned: number }[] = []
    for (const [element, enqueues] of enqueuesOf) {
      const dequeues = dequeuesOf.get(element) ?? []
      for (const enqueue of enqueues) {
        this.#isEnqueue[enqueue] = 1
        if (dequeues.length === 0 && !canVanish) this.#isNeverTaken[enqueue] = 1
      }
      if (enqueues.length !== 1 || dequeues.length !== 1) continue
      const dequeue = operations[dequeues[0]!]!
      taken.push({ enqueue: enqueues[0]!, call: dequeue.call, returned: dequeue.return! })
    }
    taken.sort((left, right) => left.returned - right.returned)
    for (const [place, { enqueue }] of taken.entries()) this.#placeOf[enqueue] = place
    this.#enqueues = taken.map(({ enqueue }) => enqueue)
    this.#dequeueCalls = taken.map(({ call }) => call)
    this.#dequeueReturns = taken.map(({ returned }) => returned)
    this.#isContradiction = [...dequeuesOf].some(
      ([element, dequeues]) => dequeues.length > (enqueuesOf.get(element)?.length ?? 0),
    )
  }

  /** An element came out more often than it went in. */
  isContradiction(): boolean {
    return this.#isContradiction
  }

  placed(operation: number): void {
    this.#placed[operation] = 1
    if (this.#placeOf[operation]! === this.#firstLeft) this.#moveOn()
  }

  removed(operation: number): void {
    this.#placed[operation] = 0
    const place = this.#placeOf[operation]!
    if (place >= 0 && place < this.#firstLeft) this.#firstLeft = place
  }

  /** The first of `#enqueues` that is not placed. */
  #firstLeft = 0

  #moveOn(): void {
    while (this.#firstLeft < this.#enqueues.length && this.#placed[this.#enqueues[this.#firstLeft]!] === 1)
      this.#firstLeft++
  }

  loses(_: number, operation: number): boolean {
    if (this.#isEnqueue[operation] === 0 || this.#firstLeft === this.#enqueues.length) return false
    if (this.#isNeverTaken[operation] === 1) return true
    const place = this.#placeOf[operation]!
    return place >= 0 && this.#dequeueReturns[this.#firstLeft]! < this.#dequeueCalls[place]!
  }
}

function push(lists: Map<string, number[]>, key: string, value: number): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [value])
  else list.push(value)
}
