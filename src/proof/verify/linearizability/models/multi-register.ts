import type { HistoryValue } from '../../history/event.ts'
import type { RecordedOperation } from '../../history/recorded-operation.ts'
import { equalValues } from '../../history/value/equal-values.ts'
import { refused } from '../model.ts'
import type { HintedModel } from '../specification.ts'
import {
  decodeWith,
  keyText,
  type LibraryModel,
  type ModelOptions,
  shortText,
  type WrongShape,
} from './library-model.ts'
import { originOptions } from './register.ts'
import { type CellEffects, singleWriters } from './single-writers.ts'

/** Reads and writes of several registers, one after the other, all at one moment. */
export type MultiRegisterInput = readonly MultiRegisterStep[]

export type MultiRegisterStep =
  | { readonly kind: 'read'; readonly key: string }
  | { readonly kind: 'write'; readonly key: string; readonly value: HistoryValue }

/** For each step what it saw: undefined for "anything", and for writes. */
export type MultiRegisterOutput = readonly (HistoryValue | undefined)[]

type Registers = ReadonlyMap<string, HistoryValue>

/**
 * Several registers that are read and written together.
 *
 * ```ts
 * checkLinearizable(readHistory('multi-register.edn'), models.multiRegister({ initial: 0 }))
 * ```
 */
export function multiRegister(
  options: ModelOptions = {},
): LibraryModel<Registers, MultiRegisterInput, MultiRegisterOutput> {
  return multiRegisterModel(options)
}

function multiRegisterModel(
  options: ModelOptions,
): LibraryModel<Registers, MultiRegisterInput, MultiRegisterOutput> &
  HintedModel<Registers, MultiRegisterInput, MultiRegisterOutput> {
  const initial = options.initial ?? null
  const cells: CellEffects<Registers, MultiRegisterInput, MultiRegisterOutput> = {
    initial: () => initial,
    cells: (state) => state,
    effects(input, output, isKnown) {
      const written = new Map<string, HistoryValue>()
      const sees: (readonly [string, HistoryValue])[] = []
      for (const [i, step] of input.entries()) {
        if (step.kind === 'write') written.set(step.key, step.value)
        else if (isKnown && output?.[i] !== undefined && !written.has(step.key))
          sees.push([step.key, output[i]])
      }
      return { sees, writes: [...written] }
    },
  }
  return {
    name: 'multi-register',
    options,
    initial: new Map(),
    forOrigin: (origin) => multiRegisterModel({ ...originOptions(origin), ...options }),
    step(state, input, output) {
      let after: Map<string, HistoryValue> | undefined
      for (let i = 0; i < input.length; i++) {
        const step = input[i]!
        if (step.kind === 'write') {
          after ??= new Map(state)
          after.set(step.key, step.value)
          continue
        }
        const registers = after ?? state
        const saw = output?.[i]
        const holds = registers.has(step.key) ? registers.get(step.key)! : initial
        if (saw !== undefined && !equalValues(holds, saw)) return refused
      }
      return after ?? state
    },
    keysOf: (input) => [...new Set(input.map(({ key }) => key))],
    observes: (input) => input.every(({ kind }) => kind === 'read'),
    describe: (input, output) =>
      input
        .map((step, i) => {
          if (step.kind === 'write') return `write ${step.key} ${shortText(step.value)}`
          const saw = output?.[i]
          return saw === undefined ? `read ${step.key}` : `read ${step.key} → ${shortText(saw)}`
        })
        .join(', '),
    describeState: (state) =>
      state.size === 0
        ? `every register ${shortText(initial)}`
        : [...state].map(([key, value]) => `${key} = ${shortText(value)}`).join(', '),
    decode: (history) =>
      decodeWith(history, 'multi-register', {
        txn: (operation, wrongShape) => decodeTransaction(operation, wrongShape, options),
      }),
    pruningOf: (compiled, operations) => singleWriters(compiled, operations, cells),
  }
}

function decodeTransaction(operation: RecordedOperation, wrongShape: WrongShape, { nilRead }: ModelOptions) {
  const asked = stepsOf(operation, 'value', wrongShape)
  const answered = operation.outcome === 'ok' ? stepsOf(operation, 'answer', wrongShape) : asked
  if (answered.length !== asked.length)
    throw wrongShape('answer', `as many reads and writes as the call has, ${asked.length}`)
  const input = asked.map(
    ({ f, key, value }): MultiRegisterStep =>
      f === 'read' ? { kind: 'read', key } : { kind: 'write', key, value },
  )
  const output = answered.map(({ f, value }) =>
    f === 'write' || (value === null && nilRead === 'any') ? undefined : value,
  )
  return { input, output }
}

function stepsOf(operation: RecordedOperation, part: 'value' | 'answer', wrongShape: WrongShape) {
  const steps = operation[part]
  const expected = 'a list of reads and writes, each [read, key, value] or [write, key, value]'
  if (!Array.isArray(steps)) throw wrongShape(part, expected)
  return steps.map((step) => {
    if (!Array.isArray(step) || step.length < 2 || step.length > 3) throw wrongShape(part, expected)
    const [name, key, value = null] = step as [HistoryValue, HistoryValue, HistoryValue?]
    const f = name === 'r' ? 'read' : name === 'w' ? 'write' : name
    if (f !== 'read' && f !== 'write') throw wrongShape(part, expected)
    return { f, key: keyText(key), value }
  })
}
