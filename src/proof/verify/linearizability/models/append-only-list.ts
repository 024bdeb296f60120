import type { HistoryValue } from '../../history/event.ts'
import { equalValues } from '../../history/value/equal-values.ts'
import { elementsOf } from '../../history/value/parts-of.ts'
import { refused } from '../model.ts'
import type { HintedModel } from '../specification.ts'
import { GrownList } from './grown-list.ts'
import {
  callText,
  decodeWith,
  keyOf,
  keysOf,
  type LibraryModel,
  type ModelOptions,
  shortText,
} from './library-model.ts'
import { longestRead } from './longest-read.ts'

/** `key` where there are several lists. */
export type AppendOnlyListInput =
  | { readonly kind: 'append'; readonly element: HistoryValue; readonly key?: string }
  | { readonly kind: 'read'; readonly key?: string }

/** Of a read: the whole list, undefined for "anything". Of an append: not looked at. */
export type AppendOnlyListOutput = readonly HistoryValue[] | undefined

/**
 * A list that only grows at its end: a read returns all of it.
 *
 * ```ts
 * checkLinearizable(readHistory('log.edn'), models.appendOnlyList())
 * ```
 */
export function appendOnlyList(
  options: ModelOptions = {},
): LibraryModel<GrownList, AppendOnlyListInput, AppendOnlyListOutput> {
  return listModel(options)
}

function listModel(
  options: ModelOptions,
): LibraryModel<GrownList, AppendOnlyListInput, AppendOnlyListOutput> &
  HintedModel<GrownList, AppendOnlyListInput, AppendOnlyListOutput> {
  const initial = elementsOf(options.initial ?? [])
  if (initial === undefined)
    throw new TypeError(`found initial ${shortText(options.initial)}, expected the list at first`)
  return {
    name: 'append-only-list',
    options,
    // A beginning of its own for each check, so that its lists are let go of with it.
    get initial() {
      return GrownList.of(initial)
    },
    forOrigin: () => listModel(options),
    step(state, input, output) {
      if (input.kind === 'append') return state.with(input.element)
      const isRight = output === undefined || (state.length === output.length && state.begins(output))
      return isRight ? state : refused
    },
    keysOf,
    observes: ({ kind }) => kind === 'read',
    stateKey: ({ number }) => number,
    describe: (input, output) =>
      input.kind === 'append'
        ? callText('append', input.key, shortText(input.element))
        : `${callText('read', input.key)}${output === undefined ? '' : ` → ${shortText(output)}`}`,
    describeState: (state) => shortText(state.elements()),
    decode: (history) =>
      decodeWith<AppendOnlyListInput, AppendOnlyListOutput>(history, 'append-only-list', {
        append: (each) => ({
          input: { kind: 'append', element: each.value, ...keyOf(each) },
          output: undefined,
        }),
        read(operation, wrongShape) {
          if (operation.outcome !== 'ok') return undefined
          const list = elementsOf(operation.answer ?? [])
          if (list === undefined) throw wrongShape('answer', 'the list that was read')
          return { input: { kind: 'read', ...keyOf(operation) }, output: list }
        },
      }),
    pruningOf: (compiled, operations) =>
      longestRead(
        compiled,
        operations.map(({ input, outcome, output }) =>
          input.kind === 'read' && outcome === 'ok' ? output : undefined,
        ),
        {
          lengthOf: ({ length }) => length,
          begins: (whole, state, from) => state.begins(whole, from),
          readLengthOf: ({ length }) => length,
          readBegins,
        },
      ),
  }
}

function readBegins(whole: readonly HistoryValue[], beginning: readonly HistoryValue[]): boolean {
  return beginning.length <= whole.length && beginning.every((element, i) => equalValues(element, whole[i]!))
}
