import { keyValueModel } from '../key-value-model.ts'
import { appendOnlyList } from './append-only-list.ts'
import { counter } from './counter.ts'
import { fencedLock } from './fenced-lock.ts'
import { keyValue } from './key-value.ts'
import type { LibraryModel, ModelOptions } from './library-model.ts'
import { lock } from './lock.ts'
import { multiRegister } from './multi-register.ts'
import { queue } from './queue.ts'
import { casRegister, register } from './register.ts'
import { set } from './set.ts'

/**
 * The sequential objects that come with Dure.
 *
 * ```ts
 * checkLinearizable(readHistory(file), models.casRegister({ initial: null }))
 * ```
 */
export const models = {
  register,
  casRegister,
  multiRegister,
  lock,
  fencedLock,
  keyValue,
  queue,
  set,
  counter,
  appendOnlyList,
  /** Dure's own store, with the versions that it tells: for histories of a `HistoryRecorder`. */
  versionedKeyValue: () => keyValueModel,
} as const

const named: readonly ((options?: ModelOptions) => AnyLibraryModel)[] = [
  register,
  casRegister,
  multiRegister,
  lock,
  fencedLock,
  keyValue,
  queue,
  set,
  counter,
  appendOnlyList,
]

// biome-ignore lint/suspicious/noExplicitAny: whoever knows a model by name alone knows no more of its types.
export type AnyLibraryModel = LibraryModel<any, any, any>

/** The names of the models that read recorded histories: `cas-register` and so on. */
export const modelNames: readonly string[] = named.map((model) => model().name)

/** The model of that name; undefined when there is none. */
export function modelNamed(name: string, options: ModelOptions = {}): AnyLibraryModel | undefined {
  return named.find((model) => model().name === name)?.(options)
}
