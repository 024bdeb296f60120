import type { HistoryValue } from '../../history/event.ts'
import type { AppendOnlyListInput } from '../../linearizability/models/append-only-list.ts'
import type { CounterInput } from '../../linearizability/models/counter.ts'
import type { FencedLockInput, FencedLockOutput } from '../../linearizability/models/fenced-lock.ts'
import type { KeyValueStoreInput } from '../../linearizability/models/key-value.ts'
import type { LockInput } from '../../linearizability/models/lock.ts'
import { type AnyLibraryModel, models } from '../../linearizability/models/models.ts'
import type { MultiRegisterInput } from '../../linearizability/models/multi-register.ts'
import type { QueueInput } from '../../linearizability/models/queue.ts'
import type { CasRegisterInput, RegisterInput } from '../../linearizability/models/register.ts'
import type { SetInput } from '../../linearizability/models/set.ts'
import type { Simulated } from './random-operations.ts'

/** Nothing of a state or an answer is told apart here that the tests would have to know. */
// biome-ignore lint/suspicious/noExplicitAny: each object has states of its own.
type AnySimulated = Simulated<any, any, any>

/** For tests: correct objects, written apart from the models, one for each; and broken ones that must be convicted. */
export interface SimulatedObject {
  readonly model: AnyLibraryModel
  readonly correct: AnySimulated
  readonly broken: Readonly<Record<string, AnySimulated>>
  /** Only small histories of it can be decided. */
  readonly isHard?: boolean
}

type Below = (count: number) => number

const registerInput = (below: Below): RegisterInput =>
  below(2) === 0 ? { kind: 'read' } : { kind: 'write', value: below(3) }

const casInput = (below: Below): CasRegisterInput =>
  below(3) === 0 ? { kind: 'cas', expected: below(3), value: below(3) } : registerInput(below)

const register: Simulated<HistoryValue, CasRegisterInput, HistoryValue> = {
  initial: null,
  randomInput: casInput,
  apply(state, input) {
    if (input.kind === 'read') return { state, output: state }
    if (input.kind === 'write') return { state: input.value, output: null }
    const swaps = state === input.expected
    return { state: swaps ? input.value : state, output: swaps }
  },
}

/** Each value once, so that what is wrong shows. */
function withUniqueWrites(broken: AnySimulated, kind: string, field: string): AnySimulated {
  let next = 100
  return {
    ...broken,
    randomInput(below, process) {
      const input = broken.randomInput(below, process)
      return input.kind === kind ? { ...input, [field]: next++ } : input
    },
  }
}

const staleRegister: Simulated<
  readonly [HistoryValue, HistoryValue, number],
  CasRegisterInput,
  HistoryValue
> = {
  initial: [null, null, 0],
  randomInput: registerInput,
  apply([value, before, calls], input) {
    // A replica that is behind answers every third read.
    if (input.kind === 'read')
      return { state: [value, before, calls + 1], output: calls % 3 === 2 ? before : value }
    return { state: [input.value, value, calls + 1], output: null }
  },
}

const losingRegister: Simulated<readonly [HistoryValue, number], CasRegisterInput, HistoryValue> = {
  initial: [null, 0],
  randomInput: registerInput,
  apply([value, calls], input) {
    if (input.kind === 'read') return { state: [value, calls + 1], output: value }
    return { state: [calls % 3 === 2 ? value : input.value, calls + 1], output: null }
  },
}

/** Compares and sets in two steps: another got in between. */
const losingCas: Simulated<readonly [HistoryValue, number], CasRegisterInput, HistoryValue> = {
  initial: [null, 0],
  randomInput: casInput,
  apply([value, calls], input) {
    if (input.kind === 'read') return { state: [value, calls + 1], output: value }
    if (input.kind === 'write') return { state: [input.value, calls + 1], output: null }
    if (value === input.expected) return { state: [input.value, calls + 1], output: true }
    return { state: [value, calls + 1], output: calls % 2 === 0 }
  },
}

type Registers = Readonly<Record<string, HistoryValue>>

const multiRegister: Simulated<Registers, MultiRegisterInput, readonly (HistoryValue | undefined)[]> = {
  initial: { x: null, y: null },
  randomInput: (below) =>
    ['x', 'y']
      .slice(below(2), 1 + below(2) || 2)
      .concat(below(3) === 0 ? ['x'] : [])
      .map((key) => (below(2) === 0 ? { kind: 'read', key } : { kind: 'write', key, value: below(3) })),
  apply(before, input) {
    const state = { ...before }
    const output = input.map((step) => {
      if (step.kind === 'read') return state[step.key]
      state[step.key] = step.value
      return undefined
    })
    return { state, output }
  },
}

/** A read of both sees each as it was at another time. */
const tornRegisters: Simulated<
  readonly [Registers, Registers],
  MultiRegisterInput,
  readonly (HistoryValue | undefined)[]
> = {
  initial: [
    { x: null, y: null },
    { x: null, y: null },
  ],
  randomInput: (below) =>
    below(2) === 0
      ? ['x', 'y'].map((key) => ({ kind: 'read', key }))
      : ['x', 'y'].map((key) => ({ kind: 'write', key, value: below(1000) })),
  apply([now, before], input) {
    if (input[0]!.kind === 'read') return { state: [now, before], output: [now.x, before.y] }
    const written = Object.fromEntries(
      input.map((step) => [step.key, step.kind === 'write' ? step.value : null]),
    )
    return { state: [{ ...now, ...written }, now], output: [undefined, undefined] }
  },
}

const lockInput = (below: Below): LockInput => ({ kind: below(2) === 0 ? 'acquire' : 'release' })

const lock: Simulated<boolean, LockInput, boolean> = {
  initial: false,
  randomInput: lockInput,
  apply: (isHeld, { kind }) =>
    kind === 'acquire' ? { state: true, output: !isHeld } : { state: false, output: isHeld },
}

/** Grants a lock that is held already. */
const doubleGrant: Simulated<readonly [boolean, number], LockInput, boolean> = {
  initial: [false, 0],
  randomInput: lockInput,
  apply: ([isHeld, calls], { kind }) =>
    kind === 'acquire'
      ? { state: [true, calls + 1], output: !isHeld || calls % 3 === 2 }
      : { state: [false, calls + 1], output: isHeld },
}

interface Fence {
  readonly isHeld: boolean
  readonly token: number
  readonly calls: number
}

function fence(
  grants: (state: Fence) => boolean,
  next: (state: Fence) => number,
): Simulated<Fence, FencedLockInput, FencedLockOutput> {
  return {
    initial: { isHeld: false, token: 0, calls: 0 },
    randomInput: (below) =>
      below(2) === 0
        ? { kind: 'acquire' }
        : { kind: 'release', ...(below(3) === 0 ? { token: 1 + below(4) } : {}) },
    apply(state, { kind, token }) {
      const after = { ...state, calls: state.calls + 1 }
      if (kind === 'acquire') {
        if (!grants(state)) return { state: after, output: false }
        return { state: { ...after, isHeld: true, token: next(state) }, output: next(state) }
      }
      const releases = state.isHeld && (token === undefined || token === state.token)
      return { state: releases ? { ...after, isHeld: false } : after, output: releases }
    },
  }
}

const keyValueInput = (below: Below): KeyValueStoreInput => {
  const key = below(3) === 0 ? 'b' : 'a'
  const choice = below(5)
  if (choice < 2) return { kind: 'get', key }
  return choice === 2
    ? { kind: 'put', key, value: 'pq'[below(2)]! }
    : { kind: 'append', key, value: 'xy'[below(2)]! }
}

const store = (
  keeps: (calls: number) => boolean,
  input = keyValueInput,
): Simulated<readonly [Registers, number], KeyValueStoreInput, HistoryValue> => ({
  initial: [{ a: null, b: null }, 0],
  randomInput: input,
  apply([values, calls], call) {
    const value = values[call.key]!
    if (call.kind === 'get' || !keeps(calls))
      return { state: [values, calls + 1], output: call.kind === 'get' ? value : null }
    const written = call.kind === 'put' ? call.value : `${value ?? ''}${call.value}`
    return { state: [{ ...values, [call.key]: written }, calls + 1], output: null }
  },
})

const appendsOnly = (below: Below): KeyValueStoreInput =>
  below(2) === 0 ? { kind: 'get', key: 'a' } : { kind: 'append', key: 'a', value: 'xyz'[below(3)]! }

interface Queued {
  readonly elements: readonly HistoryValue[]
  readonly calls: number
}

const queueOf = (
  take: (state: Queued) => { taken: HistoryValue; elements: readonly HistoryValue[] },
): Simulated<Queued, QueueInput, HistoryValue> => ({
  initial: { elements: [], calls: 0 },
  randomInput: (below) => (below(2) === 0 ? { kind: 'enqueue', element: below(4) } : { kind: 'dequeue' }),
  apply(state, input) {
    const calls = state.calls + 1
    if (input.kind === 'enqueue')
      return { state: { elements: [...state.elements, input.element], calls }, output: null }
    if (state.elements.length === 0) return { state: { ...state, calls }, output: null }
    const { taken, elements } = take(state)
    return { state: { elements, calls }, output: taken }
  },
})

const takeFirst = ({ elements }: Queued) => ({ taken: elements[0]!, elements: elements.slice(1) })

const setOf = (
  keeps: (calls: number) => boolean,
  withRemoves: boolean,
): Simulated<readonly [readonly HistoryValue[], number], SetInput, HistoryValue> => ({
  initial: [[], 0],
  randomInput(below) {
    const choice = below(withRemoves ? 5 : 4)
    if (choice < 2) return { kind: 'read' }
    return { kind: choice < 4 ? 'add' : 'remove', element: below(4) }
  },
  apply([elements, calls], input) {
    if (input.kind === 'read') return { state: [elements, calls + 1], output: elements }
    const without = elements.filter((element) => element !== input.element)
    const after = input.kind === 'remove' || !keeps(calls) ? without : [...without, input.element]
    return { state: [after, calls + 1], output: null }
  },
})

const counterOf = (
  keeps: (calls: number) => boolean,
): Simulated<readonly [number, number], CounterInput, number | null> => ({
  initial: [0, 0],
  randomInput: (below) => (below(2) === 0 ? { kind: 'read' } : { kind: 'add', by: 1 + below(3) }),
  apply: ([sum, calls], input) =>
    input.kind === 'read'
      ? { state: [sum, calls + 1], output: sum }
      : { state: [keeps(calls) ? sum + input.by : sum, calls + 1], output: null },
})

const listOf = (
  keeps: (calls: number) => boolean,
): Simulated<readonly [readonly HistoryValue[], number], AppendOnlyListInput, HistoryValue> => ({
  initial: [[], 0],
  randomInput: (below) => (below(2) === 0 ? { kind: 'read' } : { kind: 'append', element: below(3) }),
  apply: ([list, calls], input) =>
    input.kind === 'read'
      ? { state: [list, calls + 1], output: list }
      : { state: [keeps(calls) ? [...list, input.element] : list, calls + 1], output: null },
})

const always = () => true
const notEveryThird = (calls: number) => calls % 3 !== 2

export const simulatedObjects: Readonly<Record<string, SimulatedObject>> = {
  register: {
    model: models.register(),
    correct: { ...register, randomInput: registerInput },
    broken: {
      'a stale read': withUniqueWrites(staleRegister, 'write', 'value'),
      'a lost write': withUniqueWrites(losingRegister, 'write', 'value'),
    },
  },
  'compare-and-set register': {
    model: models.casRegister(),
    correct: register,
    broken: { 'a compare-and-set that did nothing and said that it did': losingCas },
  },
  'multi-register': {
    model: models.multiRegister(),
    correct: multiRegister,
    broken: { 'a read of two moments': tornRegisters },
  },
  lock: { model: models.lock(), correct: lock, broken: { 'a lock granted twice': doubleGrant } },
  'fenced lock': {
    model: models.fencedLock(),
    correct: fence(
      ({ isHeld }) => !isHeld,
      ({ token }) => token + 1,
    ),
    broken: {
      'a lock granted twice': fence(
        ({ isHeld, calls }) => !isHeld || calls % 3 === 2,
        ({ token }) => token + 1,
      ),
      'a token that goes back': fence(
        ({ isHeld }) => !isHeld,
        ({ token, calls }) => (calls % 3 === 2 ? token - 1 : token + 1),
      ),
      'a token given twice': fence(
        ({ isHeld }) => !isHeld,
        ({ token, calls }) => (calls % 3 === 2 ? token : token + 1),
      ),
    },
  },
  'key-value': {
    model: models.keyValue(),
    correct: store(always),
    broken: { 'a lost write': withUniqueWrites(store(notEveryThird), 'put', 'value') },
  },
  'key-value, appends alone': {
    model: models.keyValue(),
    correct: store(always, appendsOnly),
    broken: { 'a lost append': store(notEveryThird, appendsOnly) },
  },
  queue: { model: models.queue(), correct: queueOf(takeFirst), broken: {}, isHard: true },
  'queue, each element once': {
    model: models.queue(),
    correct: withUniqueWrites(queueOf(takeFirst), 'enqueue', 'element'),
    broken: {
      'a lost element': queueOf((state) =>
        state.calls % 3 === 2 && state.elements.length > 1
          ? takeFirst({ ...state, elements: state.elements.slice(1) })
          : takeFirst(state),
      ),
      'an element delivered twice': withUniqueWrites(
        queueOf(({ elements, calls }) => ({
          taken: elements[0]!,
          elements: calls % 3 === 2 ? elements : elements.slice(1),
        })),
        'enqueue',
        'element',
      ),
      'last in, first out': withUniqueWrites(
        queueOf(({ elements }) => ({ taken: elements.at(-1)!, elements: elements.slice(0, -1) })),
        'enqueue',
        'element',
      ),
    },
  },
  set: {
    model: models.set(),
    correct: setOf(always, true),
    broken: { 'a lost element': setOf(notEveryThird, false) },
  },
  'set, adds alone': {
    model: models.set(),
    correct: setOf(always, false),
    broken: { 'a lost element': setOf(notEveryThird, false) },
  },
  counter: {
    model: models.counter(),
    correct: counterOf(always),
    broken: { 'a lost addition': counterOf(notEveryThird) },
  },
  'append-only list': {
    model: models.appendOnlyList(),
    correct: listOf(always),
    broken: { 'a lost append': listOf(notEveryThird) },
  },
}
