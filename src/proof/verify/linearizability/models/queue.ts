import type { HistoryValue } from '../../history/event.ts'
import { equalValues } from '../../history/value/equal-values.ts'
import { valueKey } from '../../history/value/value-key.ts'
import { refused } from '../model.ts'
import type { HintedModel } from '../specification.ts'
import { firstInFirstOut } from './first-in-first-out.ts'
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
    pruningOf: firstInFirstOut,
  }
}
