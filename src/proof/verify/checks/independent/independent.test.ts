import { describe, expect, it } from 'vitest'
import { checkHistory } from '../../check-history.ts'
import { checkCounter } from '../counter/check-counter.ts'
import { checkSet } from '../set/check-set.ts'
import { inTurn, recorded } from '../testing/recorded.ts'
import { checkIndependent } from './check-independent.ts'
import { isIndependent, splitByKey } from './split-by-key.ts'

const twoSets = recorded([
  [0, 'invoke', 'add', ['a', 1]],
  [1, 'invoke', 'add', ['b', 2]],
  [0, 'ok', 'add', ['a', 1]],
  [1, 'info', 'add'],
  [0, 'invoke', 'read', ['a', null]],
  [2, 'invoke', 'read', ['b', null]],
  [0, 'ok', 'read', ['a', []]],
  [2, 'ok', 'read', ['b', [2]]],
])

describe('a history of [key, value] pairs', () => {
  it('is split by key; an info without a value belongs to the key that was called', () => {
    const parts = splitByKey(twoSets)
    expect(parts.map(({ key }) => key)).toEqual(['a', 'b'])
    expect(parts[1]!.history.events.map(({ index, value }) => [index, value])).toEqual([
      [1, 2],
      [3, null],
      [5, null],
      [7, [2]],
    ])
  })

  it('is judged key by key: one that is wrong is not hidden by one that is fine', () => {
    const result = checkIndependent(twoSets, checkSet, {})
    expect(result.verdict).toBe('invalid')
    expect(result.keys.map(({ result: { verdict } }) => verdict)).toEqual(['invalid', 'valid'])
    expect(result.anomalies[0]!.explanation).toMatch(/^Key "a": Element 1 was added by operation 0/)
    expect(checkIndependent(recorded([]), checkSet, {}).verdict).toBe('unknown')
  })

  it('is told from others by its values', () => {
    expect(isIndependent(twoSets)).toBe(true)
    expect(isIndependent(inTurn([[0, 'add', 1]]))).toBe(false)
    expect(
      isIndependent(
        inTurn([
          [0, 'add', [0, 1]],
          [0, 'read', null, [[0, 1]]],
        ]),
      ),
    ).toBe(false)
    expect(isIndependent(recorded([]))).toBe(false)
  })

  it('is told from others by calls and answers alone: what failed may have lost its key, and a nemesis has none', () => {
    const failed = recorded([
      ['nemesis-1', 'info', 'kill', ['n1', 'n2', 'n3']],
      [0, 'invoke', 'add', ['a', 1]],
      [1, 'invoke', 'add', ['a', 2]],
      [2, 'invoke', 'add', ['b', 3]],
      [0, 'ok', 'add', ['a', 1]],
      [1, 'fail', 'add', 'timeout'],
      [2, 'info', 'add', 'connection lost'],
      [0, 'invoke', 'read', ['a', null]],
      [0, 'ok', 'read', ['a', [1]]],
      [0, 'invoke', 'read', ['b', null]],
      [0, 'ok', 'read', ['b', []]],
    ])
    expect(isIndependent(failed)).toBe(true)
    expect(splitByKey(failed).map(({ history }) => history.events.map(({ index }) => index))).toEqual([
      [1, 2, 4, 5, 7, 8],
      [3, 6, 9, 10],
    ])
    expect(checkHistory(failed, { model: 'set' }).verdict).toBe('valid')
    expect(checkHistory(failed, { model: 'linearizable-set' }).verdict).toBe('valid')
    expect(() => splitByKey(recorded([[0, 'fail', 'add']]))).toThrow('event 0: found nil, expected a pair')
  })

  it('refuses an answer under another key, and a value without one', () => {
    const crossed = inTurn([[0, 'add', ['a', 1], ['b', 1]]])
    expect(() => splitByKey(crossed)).toThrow(
      'event 1: found ["b", 1], expected a pair of the key that was called',
    )
    expect(() => checkIndependent(inTurn([[0, 'add', 7]]), checkCounter, {})).toThrow('event 0: found 7')
  })
})
