import { refused } from '../model.ts'
import { callText, decodeWith, keyOf, keysOf, type LibraryModel, type ModelOptions } from './library-model.ts'

/** `token` of a release: the one that the acquire gave. `key` where there are several locks. */
export interface FencedLockInput {
  readonly kind: 'acquire' | 'release'
  readonly token?: number
  readonly key?: string
}

/** Of an acquire: the token given, or false when the lock was held. Of a release: false when it was not held by that token. */
export type FencedLockOutput = number | boolean | undefined

interface Grant {
  readonly isHeld: boolean
  /** The newest that was given; of a grant of unknown outcome not known, so that it stands for any that is newer. */
  readonly token: number
  readonly isTokenKnown: boolean
}

/**
 * A lock that gives a fencing token with every grant: at most one holder, and each token greater than all before it.
 *
 * ```ts
 * const lock = recorder.start(1, { kind: 'acquire' })
 * lock.complete(7)
 * checkLinearizable(recorder.history(), models.fencedLock())
 * ```
 */
export function fencedLock(
  options: ModelOptions = {},
): LibraryModel<Grant, FencedLockInput, FencedLockOutput> {
  return {
    name: 'fenced-lock',
    options,
    initial: { isHeld: false, token: Number.NEGATIVE_INFINITY, isTokenKnown: true },
    forOrigin: () => fencedLock(options),
    step: (state, input, output) =>
      input.kind === 'acquire' ? acquire(state, output) : release(state, input.token, output),
    keysOf,
    observes: (_, output) => output === false,
    stateKey: ({ isHeld, token, isTokenKnown }) =>
      `${isHeld ? 'held' : 'free'} ${token}${isTokenKnown ? '' : '+'}`,
    describe({ kind, token, key }, output) {
      const call = callText(kind, key, ...(token === undefined ? [] : [`token ${token}`]))
      if (output === false) return `${call} refused`
      return kind === 'acquire' && output !== undefined ? `${call} → token ${output}` : call
    },
    describeState({ isHeld, token, isTokenKnown }) {
      if (!isHeld) return token === Number.NEGATIVE_INFINITY ? 'free' : `free, newest token ${token}`
      return isTokenKnown ? `held with token ${token}` : 'held with a token nobody saw'
    },
    decode: (history) =>
      decodeWith<FencedLockInput, FencedLockOutput>(history, 'fenced-lock', {
        acquire(operation, wrongShape) {
          const { answer, outcome } = operation
          if (outcome === 'ok' && typeof answer !== 'number' && answer !== false)
            throw wrongShape('answer', 'the token, a number, or false when the lock was held')
          return { input: { kind: 'acquire', ...keyOf(operation) }, output: answer as FencedLockOutput }
        },
        release(operation, wrongShape) {
          const { value, answer } = operation
          if (value !== null && typeof value !== 'number')
            throw wrongShape('value', 'the token that the acquire gave, or nil')
          return {
            input: { kind: 'release', ...(value === null ? {} : { token: value }), ...keyOf(operation) },
            output: answer !== false,
          }
        },
      }),
  }
}

function acquire(state: Grant, output: FencedLockOutput): Grant | typeof refused {
  if (output === false) return state.isHeld ? state : refused
  if (output === undefined)
    return state.isHeld ? state : { isHeld: true, token: state.token, isTokenKnown: false }
  const token = Number(output)
  return !state.isHeld && token > state.token ? { isHeld: true, token, isTokenKnown: true } : refused
}

function release(state: Grant, token: number | undefined, output: FencedLockOutput): Grant | typeof refused {
  // A token that nobody saw given may be this one, if it is newer than those before it.
  const isHolder =
    state.isHeld &&
    (token === undefined || (state.isTokenKnown ? token === state.token : token > state.token))
  if (!isHolder) return output === true ? refused : state
  if (output === false) {
    // A release with a token that may or may not be the unseen one tells nothing for certain.
    return state.isTokenKnown || token === undefined ? refused : state
  }
  return { isHeld: false, token: token ?? state.token, isTokenKnown: true }
}
