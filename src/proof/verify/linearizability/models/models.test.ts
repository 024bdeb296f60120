import { describe, expect, it } from 'vitest'
import type { History, Operation } from '../../history/operation.ts'
import { asTried, hasOrder, type TriedOperation } from '../../testing/linearizability/every-order.ts'
import { disturbed, randomOperations } from '../../testing/linearizability/random-operations.ts'
import { simulatedObjects } from '../../testing/linearizability/simulated-objects.ts'
import { seededRandom } from '../../testing/random-history.ts'
import { checkLinearizable } from '../check-linearizable.ts'
import { type Model, refused } from '../model.ts'
import { specificationOf } from '../specification.ts'
import { partsOf } from '../split-history.ts'
import type { Witness } from '../witness/witness.ts'

// biome-ignore lint/suspicious/noExplicitAny: the tests run over models of all types.
type Any = any

/** More: `DURE_LINEARIZABILITY_HISTORIES=100000`. */
const HISTORIES_PER_OBJECT = Number(process.env.DURE_LINEARIZABILITY_HISTORIES ?? 8_000)

const objects = Object.entries(simulatedObjects)

const tiny = (seed: number) => ({
  seed,
  operations: 2 + (seed % 5),
  processes: 2 + (seed % 3),
  unknownRate: seed % 2 === 0 ? 0.3 : 0,
})

const isSameKind = (left: Any, right: Any) => left.kind === right.kind

describe('each model against every order there is', () => {
  it.each(objects)(
    `agrees on ${HISTORIES_PER_OBJECT} small histories, right and disturbed: %s`,
    (_, { model, correct }) => {
      const counts = { valid: 0, invalid: 0 }
      for (let seed = 1; seed <= HISTORIES_PER_OBJECT; seed++) {
        const right = randomOperations(correct, tiny(seed))
        const random = seededRandom(-seed)
        const history =
          seed % 3 === 0 ? right : disturbed(disturbed(right, random, isSameKind), random, isSameKind)
        const expected = hasOrder(asTried(history), wholeOf(model)) ? 'valid' : 'invalid'
        // The object is written apart from the model: that the model allows what it does is no matter of course.
        if (history === right && expected !== 'valid') expect.fail(`seed ${seed}: ${JSON.stringify(history)}`)
        const verdict = verdictOf(history, model)
        if (verdict !== expected)
          expect.fail(`seed ${seed}: ${verdict}, not ${expected}: ${JSON.stringify(history)}`)
        counts[expected]++
        if (seed % 20 > 1) continue
        const result = checkLinearizable(history, model)
        const isOfNothing = partsOf(history, specificationOf(model)).length === 0
        expect(result.verdict).toBe(isOfNothing ? 'unknown' : expected)
        if (result.verdict === 'invalid') expectIrreducible(history, model, result.witness, seed)
      }
      expect(counts.valid).toBeGreaterThan(HISTORIES_PER_OBJECT / 4)
      expect(counts.invalid).toBeGreaterThan(HISTORIES_PER_OBJECT / 50)
    },
  )
})

/** Without the witness, which takes longer. */
function verdictOf(history: History<Any, Any>, model: Model<Any, Any, Any>): 'valid' | 'invalid' | undefined {
  const specification = specificationOf(model)
  for (const { operations, keys } of partsOf(history, specification)) {
    const search = specification.prepare(operations, keys).search(Int32Array.from(operations.keys()))
    const verdict = search.run(100_000)
    if (verdict !== 'valid') return verdict
  }
  return 'valid'
}

/** The model of all keys at once, so that the split by key is tested too. */
function wholeOf(model: Model<Any, Any, Any>): Model<ReadonlyMap<string, Any>, Any, Any> {
  return {
    initial: new Map(),
    step(states, input, output) {
      if (input.key === undefined) {
        const after = model.step(states.has('') ? states.get('') : model.initial, input, output)
        return after === refused ? refused : new Map([['', after]])
      }
      const after = model.step(states.has(input.key) ? states.get(input.key) : model.initial, input, output)
      return after === refused ? refused : new Map(states).set(input.key, after)
    },
  }
}

/** The witness means what it says, by trying every order. */
function expectIrreducible(
  history: History<Any, Any>,
  model: Model<Any, Any, Any>,
  { conflict, blocked, isIrreducible, prefix }: Witness,
  seed: number,
): void {
  // The order that is shown holds all that had returned, and each of it once.
  const parts = partsOf(history, specificationOf(model))
  const part = parts.find(({ operations }) => operations.some(({ call }) => call === blocked.call))!
  const returned = part.operations.filter((each) => each.outcome === 'ok' && each.return! < blocked.return!)
  expect(prefix, `seed ${seed}`).toEqual(expect.arrayContaining(returned.map(({ call }) => call)))
  expect(new Set(prefix).size, `seed ${seed}`).toBe(prefix.length)
  expect(isIrreducible, `seed ${seed}`).toBe(true)
  const end = blocked.return!
  const calls = conflict.map(({ call }) => call)
  const without = (left: number | undefined): TriedOperation<Any, Any>[] =>
    history
      .filter(({ outcome, call }) => outcome !== 'failed' && call <= end)
      .flatMap((operation): TriedOperation<Any, Any>[] => {
        const { outcome, call, input, output } = operation
        if (outcome === 'unknown') return [{ ...operation, isFree: true, return: undefined }]
        if (call !== left && calls.includes(call)) return [{ ...operation, isFree: false }]
        const isOver = operation.return! < end
        return isOver && model.observes?.(input, output) ? [] : [{ ...operation, isFree: true }]
      })
  const whole = wholeOf(model)
  expect(hasOrder(without(undefined), whole), `seed ${seed}: the conflict has an order`).toBe(false)
  for (const call of calls)
    expect(hasOrder(without(call), whole), `seed ${seed}: call ${call} is not needed`).toBe(true)
}

const large = (seed: number) => ({
  seed,
  operations: 150,
  processes: 5,
  unknownRate: seed % 2 === 0 ? 0.1 : 0,
})

describe('a correct object is acquitted', () => {
  it.each(objects.filter(([, { isHard }]) => !isHard))('%s', (_, { model, correct }) => {
    for (let seed = 1; seed <= 20; seed++)
      expect(checkLinearizable(randomOperations(correct, large(seed)), model).verdict, `seed ${seed}`).toBe(
        'valid',
      )
  })
})

describe('a broken object is convicted', () => {
  const broken = objects.flatMap(([name, { model, broken }]) =>
    Object.entries(broken).map(([fault, object]) => [name, fault, model, object] as const),
  )
  it.each(broken)('%s: %s', (_, __, model, object) => {
    for (let seed = 1; seed <= 5; seed++)
      expect(
        checkLinearizable(randomOperations(object, { ...large(seed), operations: 300, processes: 3 }), model)
          .verdict,
        `seed ${seed}`,
      ).toBe('invalid')
  })
})

describe('a valid history stays valid', () => {
  const changes: Record<string, (history: History<Any, Any>, random: () => number) => History<Any, Any>> = {
    'cut off at an event': (history, random) => {
      const end = Math.floor(random() * 2 * history.length)
      return history
        .filter(({ call }) => call <= end)
        .map((operation) =>
          operation.return === undefined || operation.return <= end
            ? operation
            : { ...operation, return: undefined, outcome: 'unknown', output: undefined },
        )
    },
    'stretched in time': (history, random) => {
      const times = Array.from({ length: 2 * history.length }, () => 1 + random()).map(
        (
          (sum) => (step) =>
            (sum += step)
        )(0),
      )
      return history.map((operation) => ({
        ...operation,
        call: times[operation.call]!,
        return: operation.return === undefined ? undefined : times[operation.return]!,
      }))
    },
    'with processes renamed': (history) =>
      history.map((operation) => ({ ...operation, process: `client ${10 - Number(operation.process)}` })),
    'with a return moved later': (history, random) =>
      history.map((operation) =>
        operation.outcome === 'ok' && random() < 0.3
          ? { ...operation, return: operation.return! + 4 * random() }
          : operation,
      ),
    'with an answer forgotten': (history, random) =>
      history.map(
        (operation): Operation<Any, Any> =>
          operation.outcome === 'ok' && random() < 0.05
            ? { ...operation, outcome: 'unknown', output: undefined }
            : operation,
      ),
  }
  it.each(Object.keys(changes))('%s', (change) => {
    for (const [name, { model, correct, isHard }] of objects) {
      for (let seed = 1; seed <= (isHard ? 0 : 5); seed++) {
        const history = changes[change]!(randomOperations(correct, large(seed)), seededRandom(seed))
        expect(checkLinearizable(history, model).verdict, `${name}, seed ${seed}`).toBe('valid')
      }
    }
  })
})
