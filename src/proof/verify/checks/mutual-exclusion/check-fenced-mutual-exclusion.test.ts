import { describe, expect, it } from 'vitest'
import type { RecordedHistory } from '../../history/recorded-history.ts'
import type { RecordedOperation } from '../../history/recorded-operation.ts'
import { cutOff, disguised, inTurn, recorded } from '../testing/recorded.ts'
import { simulateClients } from '../testing/simulate-clients.ts'
import { expectAgreement } from '../testing/tiny-histories.ts'
import { checkFencedMutualExclusion } from './check-fenced-mutual-exclusion.ts'

/** A lock whose leases end without notice, before a resource that may look at tokens. */
function simulateLock(seed: number, fault: 'none' | 'double grant' | 'no fence'): RecordedHistory {
  let [last, newest] = [0, 0]
  const held = new Map<number, number>()
  return simulateClients({
    ...{ seed, processes: 4, operations: 60, unknownRate: 0.05, failRate: 0.05 },
    next: ({ process, below }) => {
      const token = held.get(process)
      if (token === undefined) return { f: 'acquire', value: null }
      if (below(5) > 0) return { f: 'use', value: token }
      held.delete(process)
      return { f: 'release', value: token }
    },
    run: ({ f, value }, { process, below }) => {
      if (f === 'acquire') {
        if (fault !== 'double grant' || below(5) > 0) last++
        held.set(process, last)
        return last
      }
      if (f === 'use') {
        if ((value as number) < newest && fault !== 'no fence') return undefined
        newest = Math.max(newest, value as number)
      }
      return value
    },
  })
}

function anyLock(seed: number): RecordedHistory {
  return simulateClients({
    ...{ seed, processes: 3, operations: 2 + (seed % 5), unknownRate: 0.05, failRate: 0.1 },
    next: ({ below }) => {
      const f = ['acquire', 'acquire', 'use', 'use', 'release'][below(5)]!
      return { f, value: f === 'acquire' ? null : 1 + below(3) }
    },
    run: ({ f, value }, { below }) => (f === 'acquire' ? 1 + below(3) : value),
  })
}

/** Every two operations. */
function slowLock(operations: readonly RecordedOperation[], isOverlapForbidden: boolean): string {
  const done = operations.filter(({ outcome }) => outcome === 'ok')
  const grants = done
    .filter(({ f }) => f === 'acquire')
    .map((each) => ({ ...each, token: each.answer as number }))
  const uses = done.filter(({ f }) => f === 'use').map((each) => ({ ...each, token: each.value as number }))
  const isLost = operations.some(({ f, outcome }) => f === 'acquire' && outcome === 'unknown')
  const isAny = <One>(all: readonly One[], isWrong: (a: One, b: One) => boolean): boolean =>
    all.some((a) => all.some((b) => a !== b && isWrong(a, b)))
  const isWrong =
    isAny(grants, (a, b) => a.token === b.token) ||
    isAny(grants, (a, b) => a.return! < b.call && a.token > b.token) ||
    isAny(uses, (a, b) => a.return! < b.call && a.token > b.token) ||
    uses.some(({ token, return: returned }) => {
      const granted = grants.filter((grant) => grant.token === token)
      return granted.length === 0 ? !isLost : granted[0]!.call > returned!
    })
  if (isWrong) return 'invalid'
  const endOf = (token: number): number =>
    Math.min(
      Infinity,
      ...operations
        .filter(({ f, value, outcome }) => f === 'release' && value === token && outcome !== 'failed')
        .map(({ call }) => call),
    )
  const isOverlap = isAny(grants, (a, b) => a.return! < b.return! && endOf(a.token) > b.return!)
  if (isOverlapForbidden && isOverlap) return 'invalid'
  return grants.length === 0 ? 'unknown' : 'valid'
}

describe('fenced mutual exclusion', () => {
  for (const overlap of ['allowed', 'forbidden'] as const)
    it(`is judged as by every two operations, overlap ${overlap}`, () => {
      expectAgreement({
        histories: 7_000,
        history: anyLock,
        check: (history) => checkFencedMutualExclusion(history, { overlap }).verdict,
        slow: (operations) => slowLock(operations, overlap === 'forbidden'),
      })
    })

  it('holds where a resource refuses old tokens, though holds overlap; not for a double grant or without the fence', () => {
    let [doubles, unfenced, overlaps] = [0, 0, 0]
    for (let seed = 0; seed < 60; seed++) {
      const history = simulateLock(seed, 'none')
      const result = checkFencedMutualExclusion(history)
      expect(result.verdict).toBe('valid')
      overlaps += result.statistics.overlaps
      expect(checkFencedMutualExclusion(disguised(history)).verdict).toBe('valid')
      expect(checkFencedMutualExclusion(cutOff(history, seed)).verdict).not.toBe('invalid')
      if (checkFencedMutualExclusion(simulateLock(seed, 'double grant')).verdict === 'invalid') doubles++
      if (checkFencedMutualExclusion(simulateLock(seed, 'no fence')).verdict === 'invalid') unfenced++
    }
    expect(overlaps).toBeGreaterThan(100)
    expect(doubles).toBeGreaterThan(50)
    expect(unfenced).toBeGreaterThan(50)
  })

  it('is broken by an older holder that works on after a newer one', () => {
    const history = inTurn([
      [0, 'acquire', null, 33],
      [1, 'acquire', null, 34],
      [1, 'use', 34],
      [0, 'use', 33],
    ])
    const [anomaly] = checkFencedMutualExclusion(history).anomalies
    expect(anomaly!.name).toBe('stale-token-accepted')
    expect(anomaly!.explanation).toBe(
      'Operation 6 was accepted with token 33, after operation 4 had been accepted with 34: an older holder worked on after a newer one.',
    )
  })

  it('names tokens that repeat, shrink or come from nowhere', () => {
    const history = inTurn([
      [0, 'acquire', null, 5],
      [1, 'acquire', null, 5],
      [2, 'acquire', null, 4],
      [2, 'use', 9],
    ])
    const names = checkFencedMutualExclusion(history).anomalies.map(({ name }) => name)
    expect(names).toEqual(['duplicate-token', 'token-not-growing', 'ungranted-token'])
  })

  it('without a grant cannot be judged, and refuses tokens that are none', () => {
    expect(checkFencedMutualExclusion(recorded([])).verdict).toBe('unknown')
    expect(() => checkFencedMutualExclusion(inTurn([[0, 'acquire', null, 'x']]))).toThrow(
      'expected a fencing token',
    )
  })
})
