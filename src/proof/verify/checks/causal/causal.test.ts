import { describe, expect, it } from 'vitest'
import type { RecordedHistory } from '../../history/recorded-history.ts'
import type { RecordedOperation } from '../../history/recorded-operation.ts'
import { checkIndependent } from '../independent/check-independent.ts'
import { cutOff, disguised, inTurn, recorded } from '../testing/recorded.ts'
import { simulateClients } from '../testing/simulate-clients.ts'
import { expectAgreement } from '../testing/tiny-histories.ts'
import { checkCausalRegister } from './check-causal-register.ts'
import { checkCausalReverse } from './check-causal-reverse.ts'

/** One chain of operations on a register, whose reads answer as told. */
function chain(
  seed: number,
  operations: number,
  answer: (written: number[], next: number) => number,
): RecordedHistory {
  let next = 1
  const written = [0]
  return simulateClients({
    ...{ seed, processes: 1, operations, unknownRate: 0.2, failRate: 0.1 },
    next: ({ below }) => (below(2) === 0 ? { f: 'write', value: next++ } : { f: 'read', value: null }),
    run: ({ f, value }) => {
      if (f === 'read') return answer(written, next)
      written.push(value as number)
      return value
    },
  })
}

/** Every moment at which each write without an answer may have taken effect. */
function slowChain(operations: readonly RecordedOperation[]): string {
  let states: { readonly value: number; readonly open: readonly number[] }[] = [{ value: 0, open: [] }]
  let isJudged = false
  for (const { f, value, outcome, answer } of operations) {
    for (const state of states)
      for (const late of state.open)
        states.push({ value: late, open: state.open.filter((each) => each !== late) })
    if (f === 'write') {
      if (outcome === 'ok') states = states.map(({ open }) => ({ value: value as number, open }))
      if (outcome === 'unknown')
        states = states.map((state) => ({ ...state, open: [...state.open, value as number] }))
    } else if (outcome === 'ok') {
      isJudged = true
      states = states.filter((state) => state.value === answer)
      if (states.length === 0) return 'invalid'
    }
  }
  return isJudged ? 'valid' : 'unknown'
}

describe('a causal register', () => {
  it('allows what some moment for each late write allows', () => {
    let random = 0
    expectAgreement({
      histories: 7_000,
      history: (seed) =>
        chain(seed, 2 + (seed % 5), (written, next) => {
          random = (random * 31 + 7 + seed) % 1009
          return random % 4 === 0 ? random % (next + 1) : written.at(-1)!
        }),
      check: (history) => checkCausalRegister(history).verdict,
      slow: slowChain,
    })
  })

  it('that is one is acquitted, in disguise or cut; one that goes back is convicted', () => {
    let convicted = 0
    for (let seed = 0; seed < 60; seed++) {
      const history = chain(seed, 12, (written) => written.at(-1)!)
      expect(checkCausalRegister(history).verdict).not.toBe('invalid')
      expect(checkCausalRegister(disguised(history)).verdict).not.toBe('invalid')
      expect(checkCausalRegister(cutOff(history, seed % 24)).verdict).not.toBe('invalid')
      const stale = chain(seed, 12, (written) => written.at(-2) ?? 0)
      if (checkCausalRegister(stale).verdict === 'invalid') convicted++
    }
    expect(convicted).toBeGreaterThan(40)
  })

  it('is judged for each key as Jepsen runs it, and says what was read instead', () => {
    const history = inTurn([
      [0, 'read-init', [7, null], [7, 0]],
      [0, 'write', [7, 1]],
      [0, 'read', [7, null], [7, 1]],
      [1, 'read-init', [8, null], [8, 0]],
      [0, 'write', [7, 2]],
      [0, 'read', [7, null], [7, 1]],
    ])
    const result = checkIndependent(history, checkCausalRegister, {})
    expect(result.anomalies.map(({ explanation }) => explanation)).toEqual([
      'Key 7: Operation 10 read 1, but the 2 of operation 8 was there before it in the chain, and 1 is older.',
    ])
  })

  it('reads nil as any value in Jepsen, as the initial one in our own histories', () => {
    const history = inTurn([
      [0, 'write', 1],
      [0, 'read', null, null],
    ])
    expect(checkCausalRegister(history)).toMatchObject({ verdict: 'unknown', statistics: { nilReads: 1 } })
    expect(checkCausalRegister({ ...history, origin: 'dure' }).verdict).toBe('invalid')
  })

  it('finds values that failed or that nobody wrote', () => {
    const failed = recorded([
      [0, 'invoke', 'write', 1],
      [0, 'fail', 'write', 1],
      [0, 'invoke', 'read'],
      [0, 'ok', 'read', 1],
    ])
    expect(checkCausalRegister(failed).anomalies[0]!.name).toBe('failed-write-read')
    expect(checkCausalRegister(inTurn([[0, 'read', null, 9]])).anomalies[0]!.name).toBe('unwritten-value')
  })

  it('refuses operations that overlap, and values that do not grow', () => {
    const overlapping = recorded([
      [0, 'invoke', 'write', 1],
      [1, 'invoke', 'write', 2],
      [0, 'ok', 'write', 1],
      [1, 'ok', 'write', 2],
    ])
    expect(() => checkCausalRegister(overlapping)).toThrow(
      'expected a call after operation 0 had returned, at 2',
    )
    expect(() => checkCausalRegister(inTurn([[0, 'write', 0]]))).toThrow('expected a value greater than 0')
  })
})

/** Writes of new values and reads of all; `show` may hide some. */
function simulateWrites(
  seed: number,
  operations: number,
  show: (values: number[], below: (count: number) => number) => number[],
): RecordedHistory {
  const values: number[] = []
  let next = 0
  return simulateClients({
    ...{ seed, processes: 4, operations, unknownRate: 0.1, failRate: 0.1 },
    next: ({ below }) => (below(2) === 0 ? { f: 'write', value: next++ } : { f: 'read', value: null }),
    run: ({ f, value }, { below }) => {
      if (f === 'read') return show([...values], below)
      values.push(value as number)
      return value
    },
  })
}

/** Each write that was seen against each that was acknowledged before it was called. */
function slowReverse(operations: readonly RecordedOperation[]): string {
  const writes = operations.filter(({ f }) => f === 'write')
  const reads = operations.filter(({ f, outcome }) => f === 'read' && outcome === 'ok')
  for (const read of reads) {
    const seen = read.answer as number[]
    for (const value of seen) {
      const write = writes.find((each) => each.value === value)
      if (write === undefined || write.outcome === 'failed' || write.call > read.return!) return 'invalid'
      for (const other of writes)
        if (other.outcome === 'ok' && other.return! < write.call && !seen.includes(other.value as number))
          return 'invalid'
    }
  }
  const isJudged = reads.some(({ answer }) => (answer as number[]).length > 0)
  return isJudged && writes.some(({ outcome }) => outcome === 'ok') ? 'valid' : 'unknown'
}

describe('causal reverse', () => {
  it('is found as by comparing every two writes in every read', () => {
    expectAgreement({
      histories: 7_000,
      history: (seed) =>
        simulateWrites(seed, 3 + (seed % 5), (values, below) => {
          if (below(40) === 0) return [...values, 3]
          return values.filter(() => below(4) > 0)
        }),
      check: (history) => checkCausalReverse(history).verdict,
      slow: slowReverse,
    })
  })

  it('is not where writes appear at once, in disguise or cut; it is where a replica misses one', () => {
    let convicted = 0
    for (let seed = 0; seed < 60; seed++) {
      const history = simulateWrites(seed, 40, (values) => values)
      expect(checkCausalReverse(history).verdict).toBe('valid')
      expect(checkCausalReverse(disguised(history)).verdict).toBe('valid')
      expect(checkCausalReverse(cutOff(history, 10 + seed)).verdict).not.toBe('invalid')
      const skipping = simulateWrites(seed, 40, (values) =>
        values.filter((_, at) => at !== values.length - 3),
      )
      if (checkCausalReverse(skipping).verdict === 'invalid') convicted++
    }
    expect(convicted).toBeGreaterThan(50)
  })

  it('names the write that is missing', () => {
    const result = checkCausalReverse(
      inTurn([
        [0, 'write', 1],
        [1, 'write', 2],
        [2, 'read', null, [2]],
      ]),
    )
    expect(result.anomalies[0]!.explanation).toBe(
      'Operation 4 saw 2, written by operation 2, but not 1, written by operation 0 and acknowledged at 1, before 2 was called.',
    )
    expect(result.anomalies[0]!.events).toEqual([0, 2, 4])
  })

  it('refuses a value that is written twice, and reads that are no lists', () => {
    const twice = inTurn([
      [0, 'write', 1],
      [0, 'write', 1],
    ])
    expect(() => checkCausalReverse(twice)).toThrow('expected a value that operation 0 did not write already')
    expect(() => checkCausalReverse(inTurn([[0, 'read', null, 1]]))).toThrow('event 1: found 1')
    expect(checkCausalReverse(recorded([])).verdict).toBe('unknown')
  })
})
