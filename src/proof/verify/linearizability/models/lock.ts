import { refused } from '../model.ts'
import { callText, decodeWith, keyOf, keysOf, type LibraryModel, type ModelOptions } from './library-model.ts'

/** `holder` where a lock is released by its holder alone; `key` where there are several locks. */
export interface LockInput {
  readonly kind: 'acquire' | 'release'
  readonly holder?: string
  readonly key?: string
}

/** False when the lock was held by somebody (`acquire`) or not held by the caller (`release`); else it did. */
export type LockOutput = boolean | undefined

/** Who holds it: undefined when nobody does, `''` for somebody. */
type Holder = string | undefined

/**
 * A lock: acquired when it is free, released when it is held.
 *
 * ```ts
 * checkLinearizable(readHistory('lock.edn'), models.lock({ holders: 'checked' }))
 * ```
 *
 * A call that is recorded as failed did not happen. With `holders: 'checked'` only the process that acquired the lock
 * releases it.
 */
export function lock(options: ModelOptions = {}): LibraryModel<Holder, LockInput, LockOutput> {
  return {
    name: 'lock',
    options,
    initial: undefined,
    forOrigin: () => lock(options),
    step(state, { kind, holder = '' }, output) {
      const does = kind === 'acquire' ? state === undefined : state === holder
      // An answer of unknown outcome that does nothing is left where it is.
      if (!does) return output === true ? refused : state
      if (output === false) return refused
      return kind === 'acquire' ? holder : undefined
    },
    keysOf,
    observes: (_, output) => output === false,
    stateKey: (state) => (state === undefined ? 0 : `held ${state}`),
    describe: ({ kind, key, holder }, output) =>
      `${callText(kind, key)}${holder === undefined ? '' : ` (${holder})`}${output === false ? ' refused' : ''}`,
    describeState: (state) => (state === undefined ? 'free' : state === '' ? 'held' : `held by ${state}`),
    decode(history) {
      const decodeAs =
        (kind: LockInput['kind']) =>
        (operation: Parameters<Parameters<typeof decodeWith>[2][string]>[0]) => ({
          input: {
            kind,
            ...(options.holders === 'checked' ? { holder: `process ${operation.process}` } : {}),
            ...keyOf(operation),
          },
          output: operation.answer !== false,
        })
      return decodeWith<LockInput, LockOutput>(history, 'lock', {
        acquire: decodeAs('acquire'),
        release: decodeAs('release'),
      })
    },
  }
}
