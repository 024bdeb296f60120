import { describe, expect, it } from 'vitest'
import type { HistoryValue } from '../../history/event.ts'
import type { RecordedHistory } from '../../history/recorded-history.ts'
import type { RecordedOperation } from '../../history/recorded-operation.ts'
import { cutOff, disguised, inTurn, recorded } from '../testing/recorded.ts'
import { simulateClients, type Tools } from '../testing/simulate-clients.ts'
import { expectAgreement } from '../testing/tiny-histories.ts'
import { checkLongFork } from './check-long-fork.ts'

const readOf = (keys: readonly number[], seen: (key: number) => boolean): HistoryValue =>
  keys.map((key) => ['r', key, seen(key) ? 1 : null])

/** Writes of keys in groups of three, and reads of a group in any order; `sees` says what a process sees. */
function simulateForks(
  seed: number,
  sees: (written: readonly number[], key: number, process: number, tools: Tools) => boolean,
): RecordedHistory {
  const written: number[] = []
  let next = 0
  return simulateClients({
    ...{ seed, processes: 4, operations: 40, unknownRate: 0.1, failRate: 0.05 },
    next: ({ below }) => {
      if (below(2) === 0) return { f: 'txn', value: [['w', next++, 1]] }
      const from = 3 * below(1 + next / 3)
      const keys = [from, from + 1, from + 2].sort(() => below(2) - 0.5)
      return { f: 'txn', value: readOf(keys, () => false) }
    },
    run: ({ value }, tools) => {
      const parts = value as [string, number, HistoryValue][]
      if (parts[0]![0] === 'w') {
        written.push(parts[0]![1])
        return value
      }
      const keys = parts.map(([, key]) => key)
      return readOf(keys, (key) => sees(written, key, tools.process, tools))
    },
  })
}

const anyReads = (seed: number): RecordedHistory =>
  simulateClients({
    ...{ seed, processes: 2, operations: 1 + (seed % 5), failRate: 0.1, unknownRate: 0.1 },
    next: () => ({ f: 'read', value: readOf([0, 1, 2], () => false) }),
    run: (_, { below }) => readOf(below(2) === 0 ? [0, 1, 2] : [2, 0, 1], () => below(3) > 0),
  })

function slowForks(operations: readonly RecordedOperation[]): string {
  const sights = operations
    .filter(({ outcome }) => outcome === 'ok')
    .map(({ answer }) =>
      (answer as [string, number, unknown][]).filter(([, , v]) => v !== null).map(([, k]) => k),
    )
  const isFork = sights.some((one) =>
    sights.some((other) => one.some((k) => !other.includes(k)) && other.some((k) => !one.includes(k))),
  )
  if (isFork) return 'invalid'
  return sights.length < 2 || sights.every((sight) => sight.length === 0) ? 'unknown' : 'valid'
}

describe('long fork', () => {
  it('is found as by comparing every two reads', () => {
    expectAgreement({
      histories: 8_000,
      history: anyReads,
      check: (history) => checkLongFork(history, { groupSize: 3 }).verdict,
      slow: slowForks,
    })
  })

  it('is not in snapshots, fresh or old, in disguise or cut; it is where two sites see their own writes first', () => {
    let convicted = 0
    for (let seed = 0; seed < 60; seed++) {
      const history = simulateForks(seed, (written, key) => written.includes(key))
      expect(checkLongFork(history, { groupSize: 3 }).verdict).toBe('valid')
      expect(checkLongFork(disguised(history)).verdict).toBe('valid')
      expect(checkLongFork(cutOff(history, seed)).verdict).not.toBe('invalid')
      const forked = simulateForks(
        seed,
        (written, key, process) =>
          written.includes(key) && (key % 2 === process % 2 || written.indexOf(key) < written.length - 4),
      )
      if (checkLongFork(forked).verdict === 'invalid') convicted++
    }
    expect(convicted).toBeGreaterThan(30)
  })

  it('is told with both reads', () => {
    const result = checkLongFork(
      inTurn([
        [0, 'txn', readOf([0, 1], () => false), readOf([0, 1], (key) => key === 0)],
        [1, 'txn', readOf([1, 0], () => false), readOf([1, 0], (key) => key === 1)],
      ]),
    )
    expect(result.anomalies[0]!.explanation).toBe(
      'Operation 0 saw the write of key 0 and not that of key 1; operation 2 saw the write of 1 and not that of 0. No order of the two writes explains both.',
    )
    expect(result.anomalies[0]!.drawing).toBe(
      ['                   0       1', '           0 written       -', '           2       - written'].join(
        '\n',
      ),
    )
  })

  it('finds values that nobody wrote, in a history that has its writes', () => {
    const history = inTurn([
      [0, 'txn', [['w', 0, 1]]],
      [
        0,
        'txn',
        readOf([0, 1], () => false),
        [
          ['r', 0, 2],
          ['r', 1, 1],
        ],
      ],
    ])
    expect(checkLongFork(history).anomalies.map(({ explanation }) => explanation)).toEqual([
      'Operation 2 read 2 from key 0, but operation 0 wrote 1.',
      'Operation 2 read 1 from key 1, but nobody wrote that key.',
    ])
  })

  it('cannot be judged where keys are written twice or nothing is compared', () => {
    const twice = inTurn([
      [0, 'txn', [['w', 0, 1]]],
      [0, 'txn', [['w', 0, 2]]],
    ])
    expect(checkLongFork(twice).summary).toContain('key 0 is written by operations 0 and 2')
    expect(checkLongFork(recorded([])).verdict).toBe('unknown')
  })

  it('refuses other transactions, and groups of another size', () => {
    const mixed = inTurn([
      [
        0,
        'txn',
        [
          ['w', 0, 1],
          ['r', 1, null],
        ],
      ],
    ])
    expect(() => checkLongFork(mixed)).toThrow(
      'event 0: found [["w", 0, 1], ["r", 1, nil]], expected a list of reads',
    )
    const two = inTurn([[0, 'read', readOf([0, 1], () => true)]])
    expect(() => checkLongFork(two, { groupSize: 3 })).toThrow('event 1: found')
  })
})
