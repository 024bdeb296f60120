import type { HistoryValue } from '../../history/event.ts'
import { HistoryError } from '../../history/history-error.ts'
import type { History, Operation } from '../../history/operation.ts'
import { pairEvents } from '../../history/pair-events.ts'
import { type HistoryOrigin, lineOfEvent, type RecordedHistory } from '../../history/recorded-history.ts'
import type { RecordedOperation } from '../../history/recorded-operation.ts'
import { formatValue } from '../../history/value/format-value.ts'
import { valueKey } from '../../history/value/value-key.ts'
import type { Model } from '../model.ts'

/** A model that comes with Dure: it reads recorded histories too. */
export interface LibraryModel<State, Input, Output> extends Model<State, Input, Output> {
  /** In kebab case, as the command line calls it: `cas-register`. */
  readonly name: string
  /** What it was made with: `modelNamed(name, options)` makes it again, in another thread. */
  readonly options: ModelOptions
  /** The same model, with what its options leave open as the tool means it that recorded the history. */
  forOrigin(origin: HistoryOrigin): LibraryModel<State, Input, Output>
  /** The operations of a recorded history; a `HistoryError` names the event that does not fit the model. */
  decode(history: RecordedHistory): History<Input, Output>
}

/** What is left open follows the origin of a recorded history, see `HistoryOrigin`. */
export interface ModelOptions {
  /** What a register, a key, a counter or a list holds at first. */
  readonly initial?: HistoryValue
  /** What a read that returned null says: that there was nothing, or nothing at all. */
  readonly nilRead?: 'absent' | 'any'
  /** Whether a compare-and-set that is recorded as failed did run and found another value. */
  readonly failedCas?: 'ran' | 'did-not-run'
  /** Whether a lock is released by its holder alone: then the process that acquired it is its holder. */
  readonly holders?: 'checked' | 'not-checked'
}

/** The error for a value of another shape: of what was asked, or of the answer. */
export type WrongShape = (part: 'value' | 'answer', expected: string) => HistoryError

/** How one function of a recorded history reads: undefined leaves the operation out. */
export type Decode<Input, Output> = (
  operation: RecordedOperation,
  wrongShape: WrongShape,
) => { readonly input: Input; readonly output: Output | undefined } | undefined

/**
 * The operations of a recorded history. What is recorded as failed did not happen, unless `failed` reads it as an
 * answer.
 */
export function decodeWith<Input, Output>(
  history: RecordedHistory,
  model: string,
  functions: Readonly<Record<string, Decode<Input, Output>>>,
  failed?: (operation: RecordedOperation) => boolean,
): History<Input, Output> {
  const operations: Operation<Input, Output>[] = []
  for (const recorded of pairEvents(history)) {
    const { process, f, call, outcome, return: returned } = recorded
    const decode = Object.hasOwn(functions, f) ? functions[f]! : undefined
    if (decode === undefined) {
      throw problemAt(history, call, {
        found: `the function ${f}`,
        expected: `one of ${Object.keys(functions).join(', ')}`,
        advice: `These are what the model ${model} knows: choose the model that fits the history.`,
      })
    }
    const answered = outcome === 'failed' && failed?.(recorded) === true
    if (outcome === 'failed' && !answered) continue
    const decoded = decode(recorded, (part, expected) =>
      problemAt(history, part === 'value' ? call : (returned ?? call), {
        found: `${part === 'value' ? 'a call of' : 'the answer of'} ${f} with ${formatValue(recorded[part])}`,
        expected,
        advice: 'Choose the model that fits the history, or write down what the model asks for.',
      }),
    )
    if (decoded === undefined) continue
    operations.push({
      process,
      input: decoded.input,
      output: outcome === 'unknown' ? undefined : decoded.output,
      call,
      return: returned,
      outcome: answered ? 'ok' : outcome,
    })
  }
  return operations
}

function problemAt(
  history: RecordedHistory,
  index: number,
  parts: { readonly found: string; readonly expected: string; readonly advice: string },
): HistoryError {
  const line = lineOfEvent(
    history,
    history.events.findIndex((event) => event.index === index),
  )
  return new HistoryError({ ...parts, index, ...(line === undefined ? {} : { line }) })
}

/** The object that an event names, as part of an input. */
export const keyOf = ({ key }: RecordedOperation): { readonly key?: string } =>
  key === undefined ? NO_KEY : { key: keyText(key) }

/** Texts as they are, so that a person knows them again. */
export const keyText = (key: HistoryValue): string => (typeof key === 'string' ? key : valueKey(key))

/** Inputs of models of one object may name one of many. */
export const keysOf = ({ key }: { readonly key?: string | undefined }): readonly string[] =>
  key === undefined ? ONE_OBJECT : [key]

const NO_KEY = {}
const ONE_OBJECT: readonly string[] = ['']

/** `write 3`, or `write a 3` where the object has a name. */
export const callText = (name: string, key: string | undefined, ...parts: readonly string[]): string =>
  [name, ...(key === undefined ? [] : [key]), ...parts].join(' ')

/** A value in a drawing: texts without quotes where that is clear. */
export function shortText(value: HistoryValue | undefined): string {
  if (typeof value === 'string' && /^[\w.-]+$/.test(value)) return value
  return formatValue(value, { charactersMax: 40 })
}
