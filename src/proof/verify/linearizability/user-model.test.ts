import { describe, expect, expectTypeOf, it } from 'vitest'
import { HistoryRecorder } from '../history/history-recorder.ts'
import { checkLinearizable } from './check-linearizable.ts'
import type { LinearizabilityResult, NotLinearizable } from './linearizability-result.ts'
import { type Model, refused } from './model.ts'
import { models } from './models/models.ts'

/** A model of one's own: an account that is paid into, and out of while there is enough. */
type AccountInput = { readonly pay: number; readonly account: string } | { readonly account: string }

const account: Model<number, AccountInput, number | 'not enough' | 'paid'> = {
  initial: 0,
  step(balance, input, output) {
    if (!('pay' in input)) return output === balance ? balance : refused
    const isEnough = balance + input.pay >= 0
    // Of unknown outcome: what it does if it happens.
    if (output === undefined) return isEnough ? balance + input.pay : balance
    if (isEnough !== (output === 'paid')) return refused
    return isEnough ? balance + input.pay : balance
  },
  keysOf: ({ account }) => [account],
  observes: (input, output) => !('pay' in input) || output === 'not enough',
}

describe("a user's own model", () => {
  it('is an initial state and a step', () => {
    const recorder = new HistoryRecorder<AccountInput, number | 'not enough' | 'paid'>()
    const pay = (amount: number, account = 'alice') => recorder.start(1, { pay: amount, account })
    pay(10).complete('paid')
    pay(-4).unknown()
    const read = recorder.start(2, { account: 'alice' })
    pay(-8).complete('not enough')
    read.complete(6)
    expect(checkLinearizable(recorder.history(), account).verdict).toBe('valid')

    pay(5, 'bob').complete('paid')
    recorder.start(2, { account: 'alice' }).complete(11)
    const result = checkLinearizable(recorder.history(), account)
    expect(result).toMatchObject({ verdict: 'invalid', key: 'alice' })
    expect(result.summary).toBe(
      'Key alice is not linearizable: {"account":"alice"} → 11 (call 10) fits no order.',
    )
  })

  it('may hold anything as its state: the same content is the same state', () => {
    const recorder = new HistoryRecorder<{ readonly add: string } | 'read', readonly string[]>()
    const bag: Model<ReadonlyMap<string, number>, { readonly add: string } | 'read', readonly string[]> = {
      initial: new Map(),
      step(state, input, output) {
        if (input !== 'read') return new Map(state).set(input.add, (state.get(input.add) ?? 0) + 1)
        const content = [...state].flatMap(([element, count]) => new Array<string>(count).fill(element))
        return content.sort().join() === output?.toSorted().join() ? state : refused
      },
    }
    // All at once: 40,320 orders, but no more states than there are bags.
    const open = ['a', 'b', 'a', 'b', 'a', 'b', 'a', 'b'].map((add, process) =>
      recorder.start(process, { add }),
    )
    for (const each of open) each.complete([])
    recorder.start(1, 'read').complete(['a', 'a', 'b', 'b', 'b', 'b', 'a', 'a'])
    recorder.start(1, 'read').complete(['a', 'a', 'b', 'b', 'b', 'b', 'a'])
    const result = checkLinearizable(recorder.history(), bag)
    expect(result.verdict).toBe('invalid')
    expect(result.spent.steps).toBeLessThan(200)
  })

  it('is typed through', () => {
    expectTypeOf(checkLinearizable<AccountInput, number | 'not enough' | 'paid'>)
      .parameter(1)
      .toExtend<object>()
    expectTypeOf(account.step).returns.toEqualTypeOf<number | typeof refused>()
    const recorder = new HistoryRecorder<{ readonly wrong: true }, number>()
    // @ts-expect-error: a history of other inputs than the model's
    const check = () => checkLinearizable(recorder.history(), account)
    expectTypeOf(check).returns.toEqualTypeOf<LinearizabilityResult>()
    expectTypeOf<Extract<LinearizabilityResult, { verdict: 'invalid' }>>().toEqualTypeOf<NotLinearizable>()
    // @ts-expect-error: recorded histories need a model that reads them
    void (() => checkLinearizable({ origin: 'dure', events: [] }, account))
    expectTypeOf(models.casRegister).parameter(0).toExtend<{ initial?: unknown } | undefined>()
  })
})

describe('a budget', () => {
  /** Many additions at once, none of which can be told apart from the others until the sum is read. */
  function hard(
    key: string,
    sum: number,
    recorder = new HistoryRecorder<{ add: number; key: string } | { key: string }, number>(),
  ) {
    const open = Array.from({ length: 18 }, (_, i) => recorder.start(i, { add: 2 ** i, key }))
    recorder.start(100, { key }).complete(sum)
    for (const each of open) each.complete(0)
    return recorder
  }
  const sums: Model<
    number,
    { readonly add: number; readonly key: string } | { readonly key: string },
    number
  > = {
    initial: 0,
    step: (sum, input, output) => ('add' in input ? sum + input.add : output === sum ? sum : refused),
    keysOf: ({ key }) => [key],
  }

  it('of steps ends as unknown and says what was spent', () => {
    const result = checkLinearizable(hard('a', 0.5).history(), sums, { budget: { steps: 10_000 } })
    expect(result).toMatchObject({ verdict: 'unknown', key: 'a', spent: { steps: 10_000 } })
    expect(result.summary).toBe('Key a could not be decided: the budget of steps is spent.')
  })

  it('of memory is kept to', () => {
    const result = checkLinearizable(hard('a', 0.5).history(), sums, { budget: { memoryBytes: 2_000_000 } })
    expect(result).toMatchObject({ verdict: 'unknown', key: 'a' })
    expect(result.summary).toMatch(/the budget of memory is spent/)
    expect(result.spent.memoryBytes).toBeGreaterThan(1_000_000)
    expect(result.spent.memoryBytes).toBeLessThan(8_000_000)
  })

  it('of time is asked for', () => {
    let asked = 0
    const isOver = () => ++asked > 3
    const result = checkLinearizable(hard('a', 0.5).history(), sums, { budget: { isOver } })
    expect(result).toMatchObject({ verdict: 'unknown' })
    expect(result.spent.steps).toBeLessThan(20_000)
  })

  it('is shared in turns: a hard key that is not decided does not hide one that is wrong', () => {
    const recorder = hard('hard', 0.5)
    recorder.start(1, { key: 'easy' }).complete(7)
    const result = checkLinearizable(recorder.history(), sums, { budget: { steps: 1_000_000 } })
    expect(result).toMatchObject({ verdict: 'invalid', key: 'easy' })
    expect(result.spent.steps).toBeLessThan(5_000)
  })

  it('finds all keys that are wrong when asked to', () => {
    const recorder = new HistoryRecorder<{ key: string }, number>()
    for (const key of ['a', 'b', 'c']) recorder.start(1, { key }).complete(key === 'b' ? 0 : 9)
    const result = checkLinearizable(recorder.history(), sums as Model<number, { key: string }, number>, {
      findAll: true,
    })
    expect(result.verdict === 'invalid' && result.witnesses.map(({ key }) => key)).toEqual(['a', 'c'])
    expect(result.anomalies).toHaveLength(2)
  })
})
