import { describe, expect, it } from 'vitest'
import type { History, Operation } from '../history/operation.ts'
import { randomHistory, seededRandom } from '../testing/random-history.ts'
import { checkLinearizable } from './check-linearizable.ts'
import { compileKeyValue, type KeyValueInput, type KeyValueOutput, keyValueModel } from './key-value-model.ts'

type KeyValueHistory = History<KeyValueInput, KeyValueOutput>

/**
 * A history as a drawing: one line for each client, `put a=1` from its first to its last column of dots.
 * `[client, call, return | outcome, input, output]`
 */
function history(
  ...operations: [number, number, number | 'unknown' | 'failed', KeyValueInput, KeyValueOutput?][]
): KeyValueHistory {
  return operations.map(([process, call, end, input, output]) => ({
    process,
    call,
    return: typeof end === 'number' ? end : undefined,
    outcome: typeof end === 'number' ? 'ok' : end,
    input,
    output,
  }))
}

const get = (key: string): KeyValueInput => ({ kind: 'get', key })
const put = (key: string, value: string, ifVersion?: number): KeyValueInput => ({
  kind: 'put',
  key,
  value,
  ifVersion,
})
const remove = (key: string): KeyValueInput => ({ kind: 'delete', key })
const saw = (value: string | undefined, version?: number): KeyValueOutput => ({
  kind: 'value',
  value,
  version,
})
const written = (version?: number): KeyValueOutput => ({ kind: 'written', version })
const existed = (flag: boolean): KeyValueOutput => ({ kind: 'written', existed: [flag] })
const refused: KeyValueOutput = { kind: 'comparison-failed' }
const commit = (values: Record<string, string>, comparisons: Record<string, number> = {}): KeyValueInput => ({
  kind: 'commit',
  comparisons: Object.entries(comparisons).map(([key, version]) => ({ key, version })),
  operations: Object.entries(values).map(([key, value]) => ({ key, value })),
})

const good: readonly [string, KeyValueHistory][] = [
  ['a read of nothing', history([1, 0, 1, get('a'), saw(undefined, 0)])],
  [
    'a read that overlaps a write and sees the old value',
    history([1, 0, 5, put('a', '1'), written()], [2, 1, 2, get('a'), saw(undefined)]),
  ],
  [
    'a read that overlaps a write and sees the new value',
    history([1, 0, 5, put('a', '1'), written()], [2, 1, 2, get('a'), saw('1')]),
  ],
  [
    'an unknown write that happens long after',
    history(
      [1, 0, 'unknown', put('a', '1')],
      [2, 2, 3, get('a'), saw(undefined)],
      [2, 4, 5, get('a'), saw('1')],
    ),
  ],
  [
    'an unknown write that never happens',
    history([1, 0, 'unknown', put('a', '1')], [2, 2, 3, get('a'), saw(undefined)]),
  ],
  [
    'a failed write that is not seen',
    history([1, 0, 'failed', put('a', '1')], [2, 2, 3, get('a'), saw(undefined)]),
  ],
  [
    'an unknown write that nobody read, but that made a comparison fail',
    history(
      [1, 0, 1, put('a', '1'), written(5)],
      [2, 2, 'unknown', put('a', '2')],
      [1, 3, 4, put('a', '3', 5), refused],
      [1, 5, 6, put('a', '4'), written(9)],
    ),
  ],
  [
    'an unknown delete that a later delete noticed',
    history(
      [1, 0, 1, put('a', '1'), written()],
      [2, 2, 'unknown', remove('a')],
      [1, 3, 4, remove('a'), existed(false)],
    ),
  ],
  [
    'two unknown commits, both of which one commit saw',
    history(
      [1, 0, 'unknown', commit({ a: '1' })],
      [2, 1, 'unknown', commit({ b: '2' })],
      [3, 2, 3, commit({ a: '3', b: '3' }, {}), { kind: 'written', existed: [true, true] }],
    ),
  ],
  [
    'a version of an unknown write, learned by a read and compared',
    history(
      [1, 0, 'unknown', put('a', '1')],
      [2, 1, 2, get('a'), saw('1', 7)],
      [2, 3, 4, put('a', '2', 7), written(8)],
    ),
  ],
]

const bad: readonly [string, KeyValueHistory, RegExp][] = [
  [
    'a stale read',
    history(
      [1, 0, 1, put('a', '1'), written(1)],
      [1, 2, 3, put('a', '2'), written(2)],
      [2, 4, 5, get('a'), saw('1', 1)],
    ),
    /get a → 1/,
  ],
  [
    'a stale read, without versions',
    history(
      [1, 0, 1, put('a', '1'), written()],
      [1, 2, 3, put('a', '2'), written()],
      [2, 4, 5, get('a'), saw('1')],
    ),
    /get a → 1/,
  ],
  [
    'a lost write',
    history([1, 0, 1, put('a', '1'), written()], [2, 2, 3, get('a'), saw(undefined)]),
    /get a → absent/,
  ],
  [
    'a value from nowhere',
    history([1, 0, 1, put('a', '1'), written()], [2, 2, 3, get('a'), saw('phantom')]),
    /phantom/,
  ],
  [
    'a failed write that is seen',
    history([1, 0, 'failed', put('a', '1')], [2, 2, 3, get('a'), saw('1')]),
    /get a → 1/,
  ],
  [
    'a write seen before it was called',
    history([2, 0, 1, get('a'), saw('1')], [1, 2, 3, put('a', '1'), written()]),
    /get a → 1/,
  ],
  [
    'an unknown write seen before it was called',
    history([2, 0, 1, get('a'), saw('1')], [1, 2, 'unknown', put('a', '1')]),
    /get a → 1/,
  ],
  [
    'an unknown write that happens twice',
    history(
      [1, 0, 'unknown', put('a', '1')],
      [2, 1, 2, get('a'), saw('1')],
      [2, 3, 4, put('a', '2'), written()],
      [2, 5, 6, get('a'), saw('1')],
    ),
    /get a → 1/,
  ],
  [
    'two reads that see the writes in opposite order',
    history(
      [1, 0, 9, put('a', '1'), written()],
      [2, 1, 10, put('a', '2'), written()],
      [3, 2, 3, get('a'), saw('1')],
      [3, 4, 5, get('a'), saw('2')],
      [3, 6, 7, get('a'), saw('1')],
    ),
    /get a → 1/,
  ],
  [
    'two compare-and-sets of the same version',
    history(
      [1, 0, 1, put('a', '1'), written(1)],
      [1, 2, 5, put('a', '2', 1), written(2)],
      [2, 3, 6, put('a', '3', 1), written(3)],
    ),
    /if version 1/,
  ],
  [
    'a version that goes back',
    history([1, 0, 1, put('a', '1'), written(5)], [1, 2, 3, put('a', '2'), written(4)]),
    /version/,
  ],
  [
    'a read with the version of another write',
    history(
      [1, 0, 1, put('a', '1'), written(1)],
      [1, 2, 3, put('b', '2'), written(2)],
      [1, 4, 5, get('a'), saw('1', 2)],
    ),
    /get a/,
  ],
  [
    'a comparison that failed although it held',
    history([1, 0, 1, put('a', '1'), written(1)], [1, 2, 3, put('a', '2', 1), refused]),
    /comparison failed/,
  ],
  ['a delete that found what was not there', history([1, 0, 1, remove('a'), existed(true)]), /delete a/],
  [
    'a commit of which one half is seen',
    history(
      [1, 0, 1, commit({ a: '1', b: '1' }), written()],
      [2, 2, 3, get('a'), saw('1')],
      [2, 4, 5, get('b'), saw(undefined)],
    ),
    /get b → absent/,
  ],
  [
    'an unknown commit of which one half is seen',
    history(
      [1, 0, 'unknown', commit({ a: '1', b: '1' })],
      [2, 2, 3, get('a'), saw('1')],
      [2, 4, 5, get('b'), saw(undefined)],
    ),
    /get b → absent/,
  ],
]

describe('the checker', () => {
  it.each(good)('accepts %s', (_, operations) => {
    expect(checkLinearizable(operations, keyValueModel)).toMatchObject({ verdict: 'valid' })
  })

  it.each(bad)('convicts %s', (_, operations, named) => {
    const result = checkLinearizable(operations, keyValueModel)
    expect(result).toMatchObject({ verdict: 'invalid' })
    if (result.verdict === 'invalid') expect(result.witness.text).toMatch(named)
  })

  it('shows the longest order and the operation without a place', () => {
    const result = checkLinearizable(bad[0]![1], keyValueModel)
    expect(result).toMatchObject({ verdict: 'invalid', key: 'a' })
    expect(`\n${result.verdict === 'invalid' && result.witness.text}\n`).toBe(`
Until event 5 there is an order; it ends with:
  put a = 1 → version 1  then a = a value that nobody read (version 1)   (call 0, process 1)
  put a = 2 → version 2  then a = a value that nobody read (version 2)   (call 2, process 1)
There is no place, in this or any other order, for:
  get a → 1 (version 1)   (call 4, process 2)
The 2 that are drawn contradict each other, whichever of the rest happened; without any one of them there would be an order.

process 1  ├─ put a = 2 → version 2 ─┤
process 2                              ┣━ get a → 1 (version 1) ━┫ ✗
           2                         3 4                         5
the state before it, in one order of all the others:
  a = a value that nobody read (version 2)
`)
  })

  it('says unknown when its budget is used up', () => {
    const operations = randomHistory({ ...tiny(1), operations: 200 })
    expect(checkLinearizable(operations, keyValueModel, { budget: { steps: 20 } })).toMatchObject({
      verdict: 'unknown',
    })
  })
})

const tiny = (seed: number) => ({
  seed,
  operations: 3 + (seed % 5),
  clients: 2 + (seed % 3),
  keys: 1 + (Math.floor(seed / 3) % 3),
  unknownRate: 0.4,
  commitRate: seed % 2 === 0 ? 0 : 0.5,
  versionRate: [0, 0.5, 1][seed % 3]!,
  sameValueRate: 0.5,
})

/** One wrong answer, one shifted event or one changed outcome: still valid or not, the two checkers must agree. */
function disturb(operations: KeyValueHistory, random: () => number): KeyValueHistory {
  const below = (count: number): number => Math.floor(random() * count)
  const at = below(operations.length)
  const other = operations[below(operations.length)]!
  return operations.map((operation, i): Operation<KeyValueInput, KeyValueOutput> => {
    if (i !== at || operation.outcome !== 'ok') return operation
    const { output, input } = operation
    if (output?.kind === 'value') {
      const value =
        other.output?.kind === 'value'
          ? other.output.value
          : other.input.kind === 'put'
            ? other.input.value
            : undefined
      return {
        ...operation,
        output: { ...output, value, version: value === undefined ? 0 : below(6) || undefined },
      }
    }
    if (output?.kind === 'written' && random() < 0.5) {
      return { ...operation, output: { ...output, version: below(6) || undefined } }
    }
    if (input.kind !== 'get' && random() < 0.5) return { ...operation, outcome: 'failed', output: undefined }
    return { ...operation, outcome: 'unknown', output: undefined }
  })
}

/** By definition: every choice of unknown operations, in every order that real time allows. */
function bruteForce(operations: KeyValueHistory): boolean {
  const relevant = operations.filter(
    ({ outcome, input }) => outcome === 'ok' || (outcome === 'unknown' && input.kind !== 'get'),
  )
  const keys = [...new Set(relevant.flatMap(({ input }) => keyValueModel.keysOf(input)))]
  const model = compileKeyValue(relevant, keys)
  const endOf = (i: number) =>
    relevant[i]!.outcome === 'ok' ? relevant[i]!.return! : Number.POSITIVE_INFINITY
  const left = new Set(relevant.keys())
  const search = (state: unknown): boolean => {
    if ([...left].every((i) => relevant[i]!.outcome === 'unknown')) return true
    const firstReturn = Math.min(...[...left].map(endOf))
    for (const i of [...left]) {
      if (relevant[i]!.call > firstReturn) continue
      const after = model.step(state, i)
      if (after === undefined) continue
      left.delete(i)
      if (search(after)) return true
      left.add(i)
    }
    return false
  }
  return search(model.initial)
}

it('cannot tell anything of nothing, nor of what failed', () => {
  for (const nothing of [history(), history([1, 0, 'failed', put('a', '1')])]) {
    const { verdict, summary } = checkLinearizable(nothing, keyValueModel)
    expect(verdict).toBe('unknown')
    expect(summary).toMatch(/^Nothing can be said of the history: no operation was answered/)
  }
})

describe('against every order there is', () => {
  it('agrees on 20,000 small histories, right and disturbed', () => {
    const counts = { valid: 0, invalid: 0 }
    for (let seed = 0; seed < 20_000; seed++) {
      const right = randomHistory(tiny(seed))
      const operations =
        Math.floor(seed / 6) % 4 === 0
          ? right
          : disturb(disturb(right, seededRandom(seed)), seededRandom(-seed))
      const expected = bruteForce(operations) ? 'valid' : 'invalid'
      const { verdict } = checkLinearizable(operations, keyValueModel)
      if (verdict !== expected)
        expect.fail(`seed ${seed}: ${verdict}, not ${expected}: ${JSON.stringify(operations)}`)
      counts[expected]++
    }
    expect(counts.valid).toBeGreaterThan(5_000)
    expect(counts.invalid).toBeGreaterThan(4_000)
  })
})

const large = (seed: number, changes: Partial<Parameters<typeof randomHistory>[0]> = {}) =>
  randomHistory({
    seed,
    operations: 2_000,
    clients: 30,
    keys: 20,
    unknownRate: 0.1,
    commitRate: 0,
    versionRate: 1,
    sameValueRate: 0,
    ...changes,
  })

describe('large histories', () => {
  it.each([
    ['with versions', {}],
    ['without versions', { versionRate: 0 }],
    ['with commits over several keys', { commitRate: 0.1 }],
    ['with many unknown writes', { unknownRate: 0.5 }],
    ['on one key', { keys: 1, operations: 500 }],
  ])('of a correct store are valid, %s', (_, changes) => {
    for (let seed = 1; seed <= 5; seed++) {
      expect(checkLinearizable(large(seed, changes), keyValueModel).verdict).toBe('valid')
    }
  })

  it('stay valid when an acknowledged write turns unknown, a return moves later or a read is dropped', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const random = seededRandom(seed)
      const end = 1e9
      const changed = large(seed, { operations: 500, keys: 5 }).flatMap((operation, i) => {
        const choice = random()
        if (operation.outcome !== 'ok' || choice > 0.3) return [operation]
        if (choice < 0.1) return [{ ...operation, return: end + i }]
        if (operation.input.kind === 'get') return []
        return [{ ...operation, outcome: 'unknown' as const, output: undefined }]
      })
      expect(checkLinearizable(changed, keyValueModel).verdict).toBe('valid')
    }
  })

  it('are convicted of one read of a value that was overwritten before', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const operations = large(seed, { operations: 500, keys: 5, unknownRate: 0 })
      const stale = operations.findIndex(
        ({ input, output }, i) =>
          i > 250 && input.kind === 'get' && output?.kind === 'value' && output.value !== undefined,
      )
      const at = operations[stale]!
      const early = operations.find(
        ({ input, output }) =>
          input.kind === 'put' && output?.kind === 'written' && keyOf(input) === keyOf(at.input),
      )!
      const wrong = operations.map((operation, i) =>
        i !== stale ? operation : { ...operation, output: saw((early.input as { value: string }).value) },
      )
      expect(checkLinearizable(wrong, keyValueModel)).toMatchObject({
        verdict: 'invalid',
        key: keyOf(at.input),
      })
    }
  })

  it('are convicted of a failed write that was read, without versions and with many operations open', () => {
    for (let seed = 1; seed <= 5; seed++) {
      const operations = large(seed, { keys: 2, versionRate: 0, unknownRate: 0.05 })
      const read = new Set(
        operations.map(({ output }) => (output?.kind === 'value' ? output.value : undefined)),
      )
      const at = operations.findIndex(
        ({ input, outcome, output }, i) =>
          i > 1_000 &&
          outcome === 'ok' &&
          input.kind === 'put' &&
          output?.kind === 'written' &&
          read.has(input.value),
      )
      const wrong = operations.map((operation, i) =>
        i === at ? { ...operation, outcome: 'failed' as const, output: undefined } : operation,
      )
      expect(checkLinearizable(wrong, keyValueModel, { budget: { steps: 3_000_000 } }).verdict).toBe(
        'invalid',
      )
    }
  })
})

const keyOf = (input: KeyValueInput): string => keyValueModel.keysOf(input)[0]!
