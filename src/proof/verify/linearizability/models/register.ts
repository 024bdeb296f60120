import type { HistoryValue } from '../../history/event.ts'
import type { HistoryOrigin } from '../../history/recorded-history.ts'
import type { RecordedOperation } from '../../history/recorded-operation.ts'
import { equalValues } from '../../history/value/equal-values.ts'
import { valueKey } from '../../history/value/value-key.ts'
import { refused } from '../model.ts'
import type { HintedModel } from '../specification.ts'
import {
  callText,
  type Decode,
  decodeWith,
  keyOf,
  keysOf,
  type LibraryModel,
  type ModelOptions,
  shortText,
  type WrongShape,
} from './library-model.ts'
import { singleWriters } from './single-writers.ts'

/** `key` where there are several registers. */
export type RegisterInput =
  | { readonly kind: 'read'; readonly key?: string }
  | { readonly kind: 'write'; readonly value: HistoryValue; readonly key?: string }

export type CasRegisterInput =
  | RegisterInput
  | {
      readonly kind: 'cas'
      readonly expected: HistoryValue
      readonly value: HistoryValue
      readonly key?: string
    }

/** Of a read: what it saw, undefined for "anything". Of a compare-and-set: whether it did. Of a write: not looked at. */
export type RegisterOutput = HistoryValue | undefined

export type RegisterModel = LibraryModel<HistoryValue, RegisterInput, RegisterOutput>
export type CasRegisterModel = LibraryModel<HistoryValue, CasRegisterInput, RegisterOutput>

/**
 * A register: a read returns what was written last.
 *
 * ```ts
 * checkLinearizable(readHistory('register.edn'), models.register({ initial: 0 }))
 * ```
 */
export function register(options: ModelOptions = {}): RegisterModel {
  // Reads and writes are compare-and-set registers' reads and writes; no input of the other kind comes in.
  return registerModel('register', options) as RegisterModel
}

/**
 * A register with compare-and-set: a value is exchanged for another if it is the one expected.
 *
 * ```ts
 * checkLinearizable(readHistory('etcd_007.log'), models.casRegister({ initial: null }))
 * ```
 */
export function casRegister(options: ModelOptions = {}): CasRegisterModel {
  return registerModel('cas-register', options)
}

type Hinted = CasRegisterModel & HintedModel<HistoryValue, CasRegisterInput, RegisterOutput>

function registerModel(name: 'register' | 'cas-register', options: ModelOptions): Hinted {
  const initial = options.initial ?? null
  return {
    name,
    options,
    initial,
    forOrigin: (origin) => registerModel(name, { ...originOptions(origin), ...options }),
    step(state, input, output) {
      switch (input.kind) {
        case 'read':
          return output === undefined || equalValues(state, output) ? state : refused
        case 'write':
          return input.value
        case 'cas': {
          const holds = equalValues(state, input.expected)
          if (output !== undefined && holds !== output) return refused
          return holds ? input.value : state
        }
      }
    },
    keysOf,
    observes: ({ kind }, output) => kind === 'read' || (kind === 'cas' && output === false),
    stateKey: valueKey,
    describe(input, output) {
      switch (input.kind) {
        case 'read':
          return `${callText('read', input.key)}${output === undefined ? '' : ` → ${shortText(output)}`}`
        case 'write':
          return callText('write', input.key, shortText(input.value))
        case 'cas': {
          const call = callText('cas', input.key, `${shortText(input.expected)}→${shortText(input.value)}`)
          return output === false ? `${call} refused` : call
        }
      }
    },
    describeState: shortText,
    decode: (history) =>
      decodeWith(
        history,
        name,
        name === 'register' ? functionsOf(options) : { ...functionsOf(options), cas: decodeCas },
        options.failedCas === 'ran' ? ({ f, error }) => f === 'cas' && error === undefined : undefined,
      ),
    pruningOf: (compiled, operations) =>
      singleWriters(compiled, operations, {
        initial: () => initial,
        cells: (state) => [['', state]],
        effects(input, output, isKnown) {
          switch (input.kind) {
            case 'read':
              return { sees: isKnown && output !== undefined ? [['', output]] : [], writes: [] }
            case 'write':
              return { sees: [], writes: [['', input.value]] }
            case 'cas':
              if (isKnown && output === false) return { sees: [], writes: [] }
              return { sees: isKnown ? [['', input.expected]] : [], writes: [['', input.value]] }
          }
        },
      }),
  }
}

/** Registers of Jepsen's own tests start at 0; its log lines, of etcd, say nothing of an absent value but nil. */
export function originOptions(origin: HistoryOrigin): ModelOptions {
  switch (origin) {
    case 'jepsen':
      return { initial: 0, nilRead: 'any' }
    case 'jepsen-log':
      return { initial: null, nilRead: 'absent', failedCas: 'ran' }
    case 'porcupine':
      return { initial: '', nilRead: 'absent' }
    case 'dure':
    case 'isolation':
      return { initial: null, nilRead: 'absent' }
  }
}

function functionsOf({
  nilRead,
}: ModelOptions): Readonly<Record<string, Decode<CasRegisterInput, RegisterOutput>>> {
  return {
    read: (operation) => {
      if (operation.answer === null && nilRead === 'any') return undefined
      return { input: { kind: 'read', ...keyOf(operation) }, output: operation.answer }
    },
    write: (operation) => ({
      input: { kind: 'write', value: operation.value, ...keyOf(operation) },
      output: undefined,
    }),
  }
}

function decodeCas(
  operation: RecordedOperation,
  wrongShape: WrongShape,
): {
  readonly input: CasRegisterInput
  readonly output: RegisterOutput
} {
  const { value, outcome } = operation
  if (!Array.isArray(value) || value.length !== 2)
    throw wrongShape('value', 'a list of two: the value expected and the new one')
  return {
    input: { kind: 'cas', expected: value[0]!, value: value[1]!, ...keyOf(operation) },
    output: outcome === 'ok',
  }
}
