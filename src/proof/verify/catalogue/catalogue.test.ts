import { describe, expect, test } from 'vitest'
import { checkHistory } from '../check-history.ts'
import type { HistoryEvent, HistoryValue } from '../history/event.ts'
import type { HistoryOrigin, RecordedHistory } from '../history/recorded-history.ts'
import { type CheckName, checkNames, describeCheck } from './checks.ts'
import { linearizabilityModel, withKeysApart } from './linearizability-model.ts'
import { nameCheck } from './named-check.ts'

function history(
  calls: readonly (readonly [f: string, value: HistoryValue, answer: HistoryValue])[],
  origin: HistoryOrigin = 'dure',
): RecordedHistory {
  const events = calls.flatMap(([f, value, answer], i): HistoryEvent[] => [
    { index: 2 * i, process: i, type: 'invoke', f, value },
    { index: 2 * i + 1, process: i, type: 'ok', f, value: answer },
  ])
  return { origin, events }
}

describe('a check by its name', () => {
  test('runs with what it is told', () => {
    const read = history([['read', null, 3]])
    expect(checkHistory(read, { model: 'register' }).verdict).toBe('invalid')
    expect(checkHistory(read, { model: 'register', initial: 3 }).verdict).toBe('valid')
    const balances = history([['read', null, new Map([['a', 90]])]])
    expect(checkHistory(balances, { model: 'bank', settings: { total: 100 } }).verdict).toBe('invalid')
    expect(checkHistory(balances, { model: 'bank', settings: { total: 90 } }).verdict).toBe('valid')
    expect(checkHistory(read, { model: 'counter' }).verdict).toBe('invalid')
    expect(checkHistory(read, { model: 'counter', initial: 3 }).verdict).toBe('valid')
    expect(() => checkHistory(read, { model: 'counter', initial: 'x' })).toThrow(
      'counter begins with a number',
    )
  })

  test('of registers in transactions infers what it is allowed to', () => {
    const txns = history([
      ['txn', [['w', 'x', 1]], [['w', 'x', 1]]],
      ['txn', [['w', 'x', 2]], [['w', 'x', 2]]],
      ['txn', [['r', 'x', null]], [['r', 'x', 1]]],
    ])
    const stale = { model: 'rw-register', consistency: 'strict-serializable' }
    expect(checkHistory(txns, stale).verdict).toBe('valid')
    expect(checkHistory(txns, { ...stale, settings: { linearizableKeys: true } }).verdict).toBe('invalid')
  })

  test('is what the form of the file implies', () => {
    expect(nameCheck({}, { origin: 'isolation' }).name).toBe('isolation')
    expect(nameCheck({}, { origin: 'porcupine' }).name).toBe('key-value')
    expect(nameCheck({}, { origin: 'jepsen-log' }).name).toBe('cas-register')
    expect(() => nameCheck({}, { origin: 'jepsen' })).toThrow('what is this history of?')
  })

  test('that is not known is met with those that are', () => {
    const name = (model: string) => nameCheck({ model }, { origin: 'dure' })
    expect(() => name('cas-regster')).toThrow('Did you mean cas-register? The known ones:')
    expect(() => name('toString')).toThrow('no model is called "toString"')
  })

  test('takes no option that it would not look at', () => {
    for (const model of checkNames) {
      for (const [option, value] of Object.entries({ consistency: 'causal', initial: 0, nilRead: 'any' })) {
        const takes = describeCheck(model).takes.some((each) => each === option)
        const naming = () => nameCheck({ model, [option]: value }, { origin: 'dure' })
        if (takes) expect(naming).not.toThrow()
        else expect(naming).toThrow(`${model} takes no `)
      }
      expect(() => nameCheck({ model, settings: { madeUp: 1 } }, { origin: 'dure' })).toThrow(
        'no option "madeUp"',
      )
    }
  })

  test('levels and settings are held against what there is', () => {
    const naming = (request: object) => () => nameCheck(request, { origin: 'dure' })
    expect(naming({ model: 'list-append', consistency: 'PL-3' })).not.toThrow()
    expect(naming({ model: 'list-append', consistency: 'strongest' })).toThrow('"strongest"')
    expect(naming({ model: 'isolation', consistency: 'linearizable' })).toThrow('"linearizable"')
    expect(naming({ model: 'bank', settings: { total: '100' } })).toThrow('use a number')
    const overlap = (value: string) =>
      naming({ model: 'fenced-mutual-exclusion', settings: { overlap: value } })
    expect(overlap('forbidden')).not.toThrow()
    expect(overlap('maybe')).toThrow('use one of allowed, forbidden')
  })

  test('a level that is mistyped is met with the one that was meant', () => {
    const naming = (model: string, consistency: string) => () =>
      nameCheck({ model, consistency }, { origin: 'dure' })
    expect(naming('list-append', 'serialisable')).toThrow('"serialisable" (did you mean serializable?)')
    expect(naming('isolation', 'read-comitted')).toThrow('"read-comitted" (did you mean read-committed?)')
    expect(naming('list-append', 'xyz')).toThrow('"xyz"; the known ones')
  })

  test('every model of linearizability is there', () => {
    for (const name of checkNames) {
      const { family } = describeCheck(name)
      const model = linearizabilityModel({ name: name as CheckName, family })
      expect(model !== undefined).toBe(family === 'linearizability')
    }
  })
})

describe('a history of faults alone', () => {
  const { events } = history([['partition', null, null]])
  const faults = {
    origin: 'dure' as const,
    events: events.map((event) => ({ ...event, process: 'nemesis' })),
  }

  test.each(checkNames)('says nothing of %s', (model) => {
    const { verdict, summary } = checkHistory(faults, { model })
    expect(verdict).toBe('unknown')
    expect(summary).toMatch(/^Nothing can be said of /)
  })

  test.each([undefined, 'read-committed', 'serializable'])(
    'and transactions without a step have no isolation: %s',
    (consistency) => {
      const empty = { ...history([['txn', [], []]]), origin: 'isolation' as const }
      const { verdict, summary } = checkHistory(empty, { ...(consistency !== undefined && { consistency }) })
      expect(verdict).toBe('unknown')
      expect(summary).toBe('Nothing can be said of isolation: no transaction committed a step.')
    },
  )
})

describe('histories of many objects, as [key, value]', () => {
  const named = (model: CheckName) => nameCheck({ model }, { origin: 'jepsen' })

  test('have their keys apart', () => {
    const two = history([
      ['write', ['x', 1], ['x', 1]],
      ['read', ['y', null], ['y', null]],
    ])
    expect(withKeysApart(two, named('register')).events[0]).toMatchObject({ key: 'x', value: 1 })
    expect(checkHistory(two, { model: 'register' }).verdict).toBe('valid')
    expect(checkHistory(history([['read', ['x', null], ['x', 7]]]), { model: 'register' }).verdict).toBe(
      'invalid',
    )
  })

  test('are not taken for those of a compare-and-set', () => {
    const cas = history([['cas', [0, 1], [0, 1]]])
    expect(withKeysApart(cas, named('cas-register'))).toBe(cas)
    expect(checkHistory(cas, { model: 'cas-register', initial: 0 }).verdict).toBe('valid')
  })

  test('are known by their reads, unless it is said', () => {
    const writes = history([
      ['write', ['x', 1], ['x', 1]],
      ['cas', ['x', [1, 2]], ['x', [1, 2]]],
      ['cas', ['y', [0, 2]], ['y', [0, 2]]],
    ])
    const check = (keyed?: boolean) => () =>
      checkHistory(writes, {
        model: 'cas-register',
        initial: 0,
        ...(keyed !== undefined && { settings: { keyed } }),
      }).verdict
    expect(check(true)()).toBe('valid')
    expect(check(false)()).toBe('invalid')
    const adds = history([
      ['add', ['x', 1], ['x', 1]],
      ['read', ['x', null], ['x', new Set([1])]],
    ])
    expect(checkHistory(adds, { model: 'set' }).verdict).toBe('valid')
    expect(checkHistory(adds, { model: 'set', settings: { keyed: true } }).verdict).toBe('valid')
    expect(checkHistory(adds, { model: 'set', settings: { keyed: false } }).verdict).toBe('invalid')
    const bare = history([['write', 1, 1]])
    expect(() => checkHistory(bare, { model: 'register', settings: { keyed: true } })).toThrow(
      'event 0: found 1, expected a pair of a key and a value',
    )
  })

  test('nor is an insert whose own value is a pair', () => {
    const inserts = history([
      ['insert', [7, [1, null]], [7, [1, null]]],
      ['insert', [7, [null, 2]], [7, [null, 2]]],
    ])
    expect(checkHistory(inserts, { model: 'predicate-g2' }).verdict).toBe('invalid')
  })
})
