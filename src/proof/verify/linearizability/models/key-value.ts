import type { HistoryValue } from '../../history/event.ts'
import type { RecordedOperation } from '../../history/recorded-operation.ts'
import { equalValues } from '../../history/value/equal-values.ts'
import { valueKey } from '../../history/value/value-key.ts'
import { refused } from '../model.ts'
import type { Pruning } from '../search/compiled-model.ts'
import type { HintedModel } from '../specification.ts'
import {
  decodeWith,
  keyText,
  type LibraryModel,
  type ModelOptions,
  shortText,
  type WrongShape,
} from './library-model.ts'
import { longestRead } from './longest-read.ts'
import { originOptions } from './register.ts'
import { singleWriters } from './single-writers.ts'

export type KeyValueStoreInput =
  | { readonly kind: 'get'; readonly key: string }
  | { readonly kind: 'put'; readonly key: string; readonly value: HistoryValue }
  /** Nothing at all counts as an empty text. */
  | { readonly kind: 'append'; readonly key: string; readonly value: string }

/** Of a get: what it saw, undefined for "anything". Of the others: not looked at. */
export type KeyValueStoreOutput = HistoryValue | undefined

/**
 * A store of texts by key: get, put, and append to what is there.
 *
 * ```ts
 * checkLinearizable(readHistory('c10-ok.txt'), models.keyValue())
 * ```
 */
export function keyValue(
  options: ModelOptions = {},
): LibraryModel<HistoryValue, KeyValueStoreInput, KeyValueStoreOutput> {
  return keyValueModel(options)
}

function keyValueModel(
  options: ModelOptions,
): LibraryModel<HistoryValue, KeyValueStoreInput, KeyValueStoreOutput> &
  HintedModel<HistoryValue, KeyValueStoreInput, KeyValueStoreOutput> {
  const initial = options.initial ?? null
  return {
    name: 'key-value',
    options,
    initial,
    forOrigin: (origin) => keyValueModel({ ...originOptions(origin), ...options }),
    step(state, input, output) {
      switch (input.kind) {
        case 'get':
          return output === undefined || equalValues(state, output) ? state : refused
        case 'put':
          return input.value
        case 'append':
          return textOf(state) + input.value
      }
    },
    keysOf: ({ key }) => [key],
    observes: ({ kind }) => kind === 'get',
    stateKey: (state) => (typeof state === 'string' ? `"${state}` : valueKey(state)),
    describe(input, output) {
      const call = `${input.kind} ${input.key}`
      if (input.kind !== 'get') return `${call} ${shortText(input.value)}`
      return output === undefined ? call : `${call} → ${shortText(output)}`
    },
    describeState: shortText,
    decode: (history) =>
      decodeWith<KeyValueStoreInput, KeyValueStoreOutput>(history, 'key-value', {
        get(operation, wrongShape) {
          if (operation.answer === null && options.nilRead === 'any') return undefined
          return { input: { kind: 'get', key: keyIn(operation, wrongShape) }, output: operation.answer }
        },
        put: (operation, wrongShape) => ({
          input: { kind: 'put', key: keyIn(operation, wrongShape), value: operation.value },
          output: undefined,
        }),
        append(operation, wrongShape) {
          if (typeof operation.value !== 'string') throw wrongShape('value', 'the text to append')
          return {
            input: { kind: 'append', key: keyIn(operation, wrongShape), value: operation.value },
            output: undefined,
          }
        },
      }),
    pruningOf: (compiled, operations) => {
      if (operations.every(({ input }) => input.kind !== 'append'))
        return singleWriters(compiled, operations, {
          initial: () => initial,
          cells: (state) => [['', state]],
          effects: (input, output, isKnown) => ({
            sees: input.kind === 'get' && isKnown && output !== undefined ? [['', output]] : [],
            writes: input.kind === 'put' ? [['', input.value]] : [],
          }),
        })
      if (operations.every(({ input }) => input.kind !== 'put'))
        return longestRead(
          compiled,
          operations.map(({ input, outcome, output }) =>
            input.kind === 'get' && outcome === 'ok' ? output : undefined,
          ),
          {
            lengthOf: (state) => textOf(state).length,
            begins,
            readLengthOf: (read) => textOf(read).length,
            readBegins: begins,
          },
        )
      return () => NO_HINTS
    },
  }
}

const NO_HINTS: Pruning = {}

const textOf = (state: HistoryValue): string => (typeof state === 'string' ? state : '')

const begins = (whole: HistoryValue, beginning: HistoryValue): boolean =>
  textOf(whole).startsWith(textOf(beginning))

function keyIn(operation: RecordedOperation, wrongShape: WrongShape): string {
  if (operation.key === undefined)
    throw wrongShape('value', 'an event that names its key apart from the value')
  return keyText(operation.key)
}
