import { refused } from '../model.ts'
import { callText, decodeWith, keyOf, keysOf, type LibraryModel, type ModelOptions } from './library-model.ts'

/** `by` may be negative; `key` where there are several counters. */
export type CounterInput =
  | { readonly kind: 'read'; readonly key?: string }
  | { readonly kind: 'add'; readonly by: number; readonly key?: string }

/** Of a read: what it saw, undefined for "anything". Of an add: not looked at. */
export type CounterOutput = number | undefined

/**
 * A counter: a read returns the sum of all that was added.
 *
 * ```ts
 * checkLinearizable(readHistory('counter.edn'), models.counter())
 * ```
 */
export function counter(options: ModelOptions = {}): LibraryModel<number, CounterInput, CounterOutput> {
  const { initial = 0 } = options
  if (typeof initial !== 'number')
    throw new TypeError(`found initial ${String(initial)}, expected the number that the counter begins with`)
  return {
    name: 'counter',
    options,
    initial,
    forOrigin: () => counter(options),
    step(state, input, output) {
      if (input.kind === 'add') return state + input.by
      return output === undefined || output === state ? state : refused
    },
    keysOf,
    observes: ({ kind }) => kind === 'read',
    stateKey: (state) => state,
    describe: (input, output) =>
      input.kind === 'add'
        ? callText('add', input.key, String(input.by))
        : `${callText('read', input.key)}${output === undefined ? '' : ` → ${output}`}`,
    describeState: String,
    decode: (history) =>
      decodeWith<CounterInput, CounterOutput>(history, 'counter', {
        add(operation, wrongShape) {
          if (typeof operation.value !== 'number') throw wrongShape('value', 'the number to add')
          return { input: { kind: 'add', by: operation.value, ...keyOf(operation) }, output: undefined }
        },
        read(operation, wrongShape) {
          const { answer, outcome } = operation
          if (outcome !== 'ok' || answer === null) return undefined
          if (typeof answer !== 'number') throw wrongShape('answer', 'the number that was read')
          return { input: { kind: 'read', ...keyOf(operation) }, output: answer }
        },
      }),
  }
}
