import { describe, expect, test } from 'vitest'
import { utf8 } from '../../../foundation/bytes.ts'
import { leaseId, sessionId } from '../../../foundation/ids.ts'
import { limits } from '../../../ports/key-value/limits.ts'
import { absent, versionFromNumber } from '../../../ports/key-value/version.ts'
import { feedBounds } from './change-feed.ts'
import { stateMachineBounds } from './state-machine.ts'
import { advance, commit, end, grant, keep, Machine, openSession, put, remove } from './testing/machine.ts'

const held = (key: string, lease: number) => ({ ...put(key, 'held'), lease: leaseId(lease) })
const brief = (key: string, ttlMs: number) => ({ ...put(key, 'brief'), ttlMs })

describe('a lease', () => {
  test('has the index of its entry as id and fencing token, and is there until log time is beyond its time to live', () => {
    const machine = new Machine()
    machine.apply(commit({ operations: [put('a', '1')] }))
    expect(machine.apply(grant(1_000, 500))).toEqual({ kind: 'lease-granted', lease: 2, token: 2 })
    machine.apply(commit({ operations: [held('k', 2)] }))
    expect(machine.machine.nextDueMs).toBe(1_501)
    machine.apply(advance(1_500))
    expect([machine.read('k'), machine.machine.leaseCount]).toEqual(['held', 1])
    expect(machine.apply(advance(1_501))).toEqual({ kind: 'time-advanced' })
    expect([machine.read('k'), machine.machine.leaseCount]).toEqual([undefined, 0])
    expect(machine.machine.nextDueMs).toBeUndefined()
  })

  test('lives on with each keep-alive, and not beyond its last one', () => {
    const machine = new Machine()
    machine.apply(grant(1_000))
    machine.apply(grant(1_000))
    machine.apply(commit({ operations: [held('k', 1), held('l', 2)] }))
    expect(machine.apply(keep([1, 9, 1], 1_000))).toEqual({ kind: 'leases-kept', kept: [true, false, true] })
    expect(machine.machine.nextDueMs).toBe(1_001)
    machine.apply(advance(1_001))
    expect([machine.read('k'), machine.read('l')]).toEqual(['held', undefined])
    expect(machine.machine.nextDueMs).toBe(2_001)
    expect(machine.apply(keep([1, 2], 2_001))).toEqual({ kind: 'leases-kept', kept: [false, false] })
    expect(machine.read('k')).toBeUndefined()
  })

  test('that is gone takes no keys, and nothing else of the commit happens', () => {
    const machine = new Machine()
    machine.apply(grant(1_000))
    const operations = [put('other', '1'), held('k', 1)]
    expect(machine.apply(commit({ logTimeMs: 1_001, operations }))).toEqual({ kind: 'lease-gone', lease: 1 })
    expect([machine.read('other'), machine.read('k')]).toEqual([undefined, undefined])
    expect(machine.apply(commit({ operations: [held('k', 77)] }))).toEqual({ kind: 'lease-gone', lease: 77 })
  })

  test('that is gone is told only to a commit whose comparisons hold', () => {
    const machine = new Machine()
    const comparisons = [{ key: utf8('k'), version: versionFromNumber(5) }]
    expect(machine.apply(commit({ comparisons, operations: [held('k', 77)] }))).toEqual({
      kind: 'comparison-failed',
      found: [absent],
    })
  })

  test('lets go of a key that is written without it, by another lease, or deleted', () => {
    const machine = new Machine()
    machine.apply(grant(1_000))
    machine.apply(grant(5_000))
    machine.apply(commit({ operations: [held('kept', 1), held('moved', 1), held('deleted', 1)] }))
    machine.apply(commit({ operations: [put('kept', 'for good'), held('moved', 2), remove('deleted')] }))
    machine.apply(commit({ operations: [put('deleted', 'anew')] }))
    machine.apply(advance(1_001))
    expect(['kept', 'moved', 'deleted'].map((key) => machine.read(key))).toEqual(['for good', 'held', 'anew'])
    machine.apply(advance(5_001))
    expect(['kept', 'moved', 'deleted'].map((key) => machine.read(key))).toEqual([
      'for good',
      undefined,
      'anew',
    ])
  })

  test('is removed with all its keys by its end, which may be said again', () => {
    const machine = new Machine()
    machine.apply(grant(1_000))
    machine.apply(commit({ operations: [held('a', 1), held('b', 1), put('c', '1')] }))
    expect(machine.apply(end(1))).toEqual({ kind: 'lease-ended', existed: true })
    expect([machine.read('a'), machine.read('b'), machine.read('c')]).toEqual([undefined, undefined, '1'])
    expect(machine.apply(end(1))).toEqual({ kind: 'lease-ended', existed: false })
    expect(machine.changes(2)).toEqual(['3: 1 delete a, 2 delete b'])
  })

  test('is granted once however often a session asks', () => {
    const machine = new Machine()
    machine.apply(openSession())
    const asked = { ...grant(1_000), session: sessionId(1), sequence: 1, lowWater: 1 }
    const first = machine.apply(asked)
    expect(first).toEqual({ kind: 'lease-granted', lease: 2, token: 2 })
    expect(machine.apply(asked)).toEqual(first)
    expect(machine.machine.leaseCount).toBe(1)
  })

  test('holds a bounded number of keys; one that it has already is not counted again', () => {
    const machine = new Machine()
    machine.apply(grant(1_000))
    for (let i = 0; i < limits.leaseKeysMax; i += 128) {
      const operations = Array.from({ length: 128 }, (_, j) => held(`k${i + j}`, 1))
      expect(machine.apply(commit({ operations })).kind).toBe('committed')
    }
    expect(machine.apply(commit({ operations: [held('one more', 1)] }))).toEqual({
      kind: 'lease-full',
      lease: 1,
    })
    expect(machine.apply(commit({ operations: [held('k0', 1)] })).kind).toBe('committed')
    machine.apply(commit({ operations: [remove('k0')] }))
    expect(machine.apply(commit({ operations: [held('one more', 1)] })).kind).toBe('committed')
    machine.apply(end(1))
    expect(machine.rows().filter(([key]) => /^(05|10)/.test(key))).toEqual([])
  })
})

test('a lease beyond as many as may be is refused by name, a retry of it too, and one that expired makes room', () => {
  const machine = new Machine({ ...stateMachineBounds, leasesMax: 2 })
  machine.apply(openSession())
  machine.apply(grant(1_000))
  machine.apply(grant(5_000))
  const asked = { ...grant(1_000), session: sessionId(1), lowWater: 1 }
  const ask = (sequence: number) => machine.apply({ ...asked, sequence })
  expect(ask(1)).toEqual({ kind: 'too-many-leases' })
  expect(machine.apply(advance(1_001))).toEqual({ kind: 'time-advanced' })
  expect(ask(1)).toEqual({ kind: 'too-many-leases' })
  expect(ask(2).kind).toBe('lease-granted')
})

describe('a value with a time to live', () => {
  test('goes when log time is beyond it, and is there at the time itself', () => {
    const machine = new Machine()
    machine.apply(commit({ logTimeMs: 50, operations: [brief('k', 200)] }))
    machine.apply(commit({ operations: [brief('l', 100)] }))
    expect(machine.machine.nextDueMs).toBe(151)
    machine.apply(advance(150))
    expect(machine.read('l')).toBe('brief')
    machine.apply(advance(151))
    expect([machine.read('k'), machine.read('l')]).toEqual(['brief', undefined])
    machine.apply(advance(251))
    expect(machine.read('k')).toBeUndefined()
  })

  test('lives as long as its last put says', () => {
    const machine = new Machine()
    for (const key of ['longer', 'shorter', 'for good', 'deleted'])
      machine.apply(commit({ operations: [brief(key, 500)] }))
    const operations = [
      brief('longer', 900),
      brief('shorter', 100),
      put('for good', 'now'),
      remove('deleted'),
    ]
    machine.apply(commit({ operations }))
    expect(machine.machine.nextDueMs).toBe(101)
    machine.apply(advance(101))
    expect(machine.read('shorter')).toBeUndefined()
    machine.apply(advance(501))
    expect([machine.read('longer'), machine.read('for good')]).toEqual(['brief', 'now'])
    expect(machine.machine.nextDueMs).toBe(901)
    machine.apply(advance(901))
    expect(machine.rows().map(([key]) => key.slice(0, 2))).not.toContain('06')
  })

  test('is gone for the very command that finds it due', () => {
    const machine = new Machine()
    machine.apply(commit({ operations: [brief('k', 100)] }))
    const anew = commit({
      logTimeMs: 101,
      comparisons: [{ key: utf8('k'), version: absent }],
      operations: [put('k', 'new')],
    })
    expect(machine.apply(anew)).toEqual({ kind: 'committed', version: 2, existed: [false] })
    expect(machine.changes(1)).toEqual(['2: 1 delete k, 2 put k = new'])
  })
})

describe('what is due at once', () => {
  const bounds = { feed: feedBounds, expiredPerEntryMax: 10 }

  test('goes a bounded number at a time, the first of it first, and is due until it is gone', () => {
    const machine = new Machine(bounds)
    const keys = Array.from({ length: 24 }, (_, i) => `k${String(i).padStart(2, '0')}`)
    machine.apply(commit({ operations: keys.map((key, i) => brief(key, 100 + i)) }))
    const left = () => keys.filter((key) => machine.read(key) !== undefined)
    machine.apply(advance(1_000))
    expect(left()).toEqual(keys.slice(10))
    expect(machine.machine.nextDueMs).toBe(111)
    machine.apply(commit({}))
    expect(left()).toEqual(keys.slice(20))
    machine.apply(keep([]))
    expect(left()).toEqual([])
    expect(machine.machine.nextDueMs).toBeUndefined()
  })

  test('and at one and the same time is found, in whatever order the keys came', () => {
    const machine = new Machine(bounds)
    const keys = Array.from({ length: 24 }, (_, i) => `k${String(i).padStart(2, '0')}`)
    // Each comes before the one that is the first so far.
    for (const key of keys.toReversed()) {
      machine.apply(commit({ operations: [brief(key, 100)] }))
      expect(machine.machine.nextDueMs).toBe(101)
    }
    machine.apply(commit({ operations: [remove('k00')] }))
    expect(machine.machine.nextDueMs).toBe(101)
    machine.apply(commit({ operations: [brief('k00', 100)] }))
    const left = () => keys.filter((key) => machine.read(key) !== undefined)
    machine.apply(advance(101))
    expect(left()).toEqual(keys.slice(10))
    expect(machine.machine.nextDueMs).toBe(101)
    // Its turn comes by its new time, and the others are not lost from sight.
    machine.apply(commit({ operations: [brief('k23', 100)] }))
    expect(left()).toEqual(keys.slice(20))
    machine.apply(advance(101))
    expect([left(), machine.machine.nextDueMs]).toEqual([['k23'], 202])
    machine.apply(advance(202))
    expect([left(), machine.machine.nextDueMs]).toEqual([[], undefined])
  })

  test('counts leases and their keys together; a lease is gone while its keys wait', () => {
    const machine = new Machine(bounds)
    machine.apply(grant(100))
    machine.apply(grant(100))
    const keys = Array.from({ length: 15 }, (_, i) => `k${String(i).padStart(2, '0')}`)
    machine.apply(commit({ operations: keys.map((key) => held(key, 2)) }))
    const left = () => keys.filter((key) => machine.read(key) !== undefined).length
    expect(machine.apply(keep([1, 2], 101))).toEqual({ kind: 'leases-kept', kept: [false, false] })
    expect([left(), machine.machine.leaseCount]).toEqual([6, 1])
    expect(machine.apply(commit({ operations: [held('k', 2)] }))).toEqual({ kind: 'lease-gone', lease: 2 })
    expect([left(), machine.machine.leaseCount]).toEqual([0, 0])
  })

  test('is removed to the last key by the end of the lease', () => {
    const machine = new Machine(bounds)
    machine.apply(grant(100))
    const keys = Array.from({ length: 40 }, (_, i) => `k${i}`)
    machine.apply(commit({ operations: keys.map((key) => held(key, 1)) }))
    machine.apply(advance(101))
    expect(keys.filter((key) => machine.read(key) !== undefined)).toHaveLength(30)
    expect(machine.apply(end(1))).toEqual({ kind: 'lease-ended', existed: false })
    expect(keys.filter((key) => machine.read(key) !== undefined)).toEqual([])
    expect(machine.machine.nextDueMs).toBeUndefined()
  })
})
