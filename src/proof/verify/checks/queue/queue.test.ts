import { describe, expect, it } from 'vitest'
import type { HistoryValue } from '../../history/event.ts'
import type { RecordedHistory } from '../../history/recorded-history.ts'
import type { RecordedOperation } from '../../history/recorded-operation.ts'
import { cutOff, disguised, inTurn, recorded } from '../testing/recorded.ts'
import { simulateClients } from '../testing/simulate-clients.ts'
import { expectAgreement } from '../testing/tiny-histories.ts'
import { checkQueue } from './check-queue.ts'
import { checkTotalQueue } from './check-total-queue.ts'

type Fault = 'none' | 'loses' | 'gives twice'

function simulateQueue(seed: number, fault: Fault): RecordedHistory {
  const queue: HistoryValue[] = []
  let next = 0
  return simulateClients({
    ...{ seed, processes: 4, operations: 60, unknownRate: 0.05, failRate: 0.05 },
    next: ({ random }) => (random() < 0.55 ? { f: 'enqueue', value: next++ } : { f: 'dequeue', value: null }),
    run: ({ f, value }, { below }) => {
      if (f === 'drain') return queue.splice(0)
      if (f === 'enqueue') {
        if (fault !== 'loses' || below(4) > 0) queue.push(value)
        return value
      }
      if (fault === 'gives twice' && below(4) === 0) return queue[0] ?? null
      return queue.shift() ?? null
    },
    last: [{ f: 'drain', value: null }],
  })
}

function anyQueue(seed: number): RecordedHistory {
  return simulateClients({
    ...{ seed, processes: 3, operations: 2 + (seed % 6), unknownRate: 0.1, failRate: 0.1 },
    next: ({ below }) => {
      const choice = below(10)
      if (choice < 5) return { f: 'enqueue', value: below(2) }
      return { f: choice < 9 ? 'dequeue' : 'drain', value: null }
    },
    run: ({ f, value }, { below }) => {
      if (f === 'enqueue') return value
      return f === 'dequeue' ? [0, 1, null][below(3)]! : [0, 1].filter(() => below(2) === 0)
    },
  })
}

interface Out {
  readonly value: HistoryValue
  readonly return: number
}

function outOf(operations: readonly RecordedOperation[]): Out[] {
  return operations
    .filter(({ f, outcome }) => f !== 'enqueue' && outcome === 'ok')
    .flatMap(({ f, answer, return: returned }) =>
      (f === 'drain' ? (answer as HistoryValue[]) : [answer!])
        .filter((value) => value !== null)
        .map((value) => ({ value, return: returned! })),
    )
}

/** Tries every way to give each dequeue an enqueue of its own; the least that `left` finds in what is left over. */
function everyMatching(
  outs: readonly Out[],
  enqueues: readonly RecordedOperation[],
  left: (enqueues: readonly RecordedOperation[]) => number,
): number {
  const [out, ...others] = outs
  if (out === undefined) return left(enqueues)
  let least = Infinity
  for (const enqueue of enqueues)
    if (enqueue.value === out.value && enqueue.call < out.return)
      least = Math.min(
        least,
        everyMatching(
          others,
          enqueues.filter((each) => each !== enqueue),
          left,
        ),
      )
  return least
}

function slowQueue(operations: readonly RecordedOperation[], isTotal: boolean): string {
  const outs = outOf(operations)
  const enqueues = operations.filter(({ f, outcome }) => f === 'enqueue' && outcome !== 'failed')
  const acknowledged = enqueues.filter(({ outcome }) => outcome === 'ok')
  if (!isTotal) {
    if (everyMatching(outs, enqueues, () => 0) === Infinity) return 'invalid'
    return outs.length === 0 ? 'unknown' : 'valid'
  }
  const empty = operations.filter(
    ({ f, outcome, answer }) => outcome === 'ok' && (f === 'drain' || (f === 'dequeue' && answer === null)),
  )
  const lastEmpty = Math.max(-1, ...empty.map(({ call }) => call))
  const missing = everyMatching(
    outs,
    enqueues,
    (left) =>
      left.filter(({ outcome, return: returned }) => outcome === 'ok' && returned! < lastEmpty).length,
  )
  const unanswered = operations.filter(({ f, outcome }) => f !== 'enqueue' && outcome === 'unknown')
  const taken = unanswered.some(({ f }) => f === 'drain') ? Infinity : unanswered.length
  if (missing > taken || missing === Infinity) return 'invalid'
  const inside = everyMatching(
    outs,
    enqueues,
    (left) => left.filter(({ outcome }) => outcome === 'ok').length,
  )
  return missing > 0 || inside > 0 || (acknowledged.length === 0 && outs.length === 0) ? 'unknown' : 'valid'
}

describe('a queue', () => {
  it('is wrong when no matching of dequeues with enqueues exists', () => {
    expectAgreement({
      histories: 7_000,
      history: anyQueue,
      check: (history) => checkQueue(history).verdict,
      slow: (operations) => slowQueue(operations, false),
    })
  })

  it('that works is acquitted, one that gives an element twice is not', () => {
    let convicted = 0
    for (let seed = 0; seed < 60; seed++) {
      const history = simulateQueue(seed, 'none')
      expect(checkQueue(disguised(history)).verdict).toBe('valid')
      expect(checkQueue(cutOff(history, 20 + seed)).verdict).not.toBe('invalid')
      expect(checkQueue(simulateQueue(seed, 'loses')).verdict).toBe('valid')
      if (checkQueue(simulateQueue(seed, 'gives twice')).verdict === 'invalid') convicted++
    }
    expect(convicted).toBeGreaterThan(50)
  })

  it('says who had the element before, what failed and what came from nowhere', () => {
    const result = checkQueue(
      recorded([
        [0, 'invoke', 'enqueue', 1],
        [0, 'ok', 'enqueue', 1],
        [0, 'invoke', 'enqueue', 2],
        [0, 'fail', 'enqueue', 2],
        [1, 'invoke', 'dequeue'],
        [1, 'ok', 'dequeue', 1],
        [2, 'invoke', 'dequeue'],
        [2, 'ok', 'dequeue', 1],
        [2, 'invoke', 'drain'],
        [2, 'ok', 'drain', [2, 3]],
      ]),
    )
    expect(result.anomalies.map(({ explanation }) => explanation)).toEqual([
      'Operation 6 dequeued 1, which operation 4 had dequeued already, and which was enqueued only once by then.',
      'Operation 8 dequeued 2, whose enqueue, operation 2, failed.',
      'Operation 8 dequeued 3, which nobody enqueued.',
    ])
    expect(result.anomalies[0]!.drawing).toBe('  enqueue@0 ──▶ dequeue@4, dequeue@6')
  })

  it('of which nothing was taken cannot be judged', () => {
    expect(checkQueue(inTurn([[0, 'enqueue', 1]])).verdict).toBe('unknown')
    expect(() => checkQueue(inTurn([[0, 'drain', null, 1]]))).toThrow(
      'event 1: found 1, expected the elements',
    )
  })
})

describe('a queue that was drained', () => {
  it('has lost what no matching of dequeues with enqueues explains', () => {
    expectAgreement({
      histories: 7_000,
      history: anyQueue,
      check: (history) => checkTotalQueue(history).verdict,
      slow: (operations) => slowQueue(operations, true),
    })
  })

  it('that works is never convicted, one that loses messages is', () => {
    let [acquitted, convicted] = [0, 0]
    for (let seed = 0; seed < 60; seed++) {
      const verdict = checkTotalQueue(simulateQueue(seed, 'none')).verdict
      expect(verdict).not.toBe('invalid')
      if (verdict === 'valid') acquitted++
      expect(checkTotalQueue(cutOff(simulateQueue(seed, 'none'), 60 + seed)).verdict).not.toBe('invalid')
      if (checkTotalQueue(simulateQueue(seed, 'loses')).verdict === 'invalid') convicted++
    }
    expect(acquitted).toBeGreaterThan(10)
    expect(convicted).toBeGreaterThan(40)
  })

  it('is asked only for what was acknowledged before it was found empty', () => {
    const lost = inTurn([
      [0, 'enqueue', 1],
      [1, 'dequeue', null, null],
    ])
    expect(checkTotalQueue(lost)).toMatchObject({ verdict: 'invalid', statistics: { lost: 1 } })
    expect(checkTotalQueue(lost).anomalies[0]!.name).toBe('lost-element')
    const inside = checkTotalQueue(
      inTurn([
        [1, 'dequeue', null, null],
        [0, 'enqueue', 1],
      ]),
    )
    expect(inside).toMatchObject({ verdict: 'unknown', statistics: { leftInside: 1 } })
    expect(inside.summary).toContain('does not show that it was drained')
    expect(checkTotalQueue(inTurn([[0, 'enqueue', 1]]), { drained: true }).verdict).toBe('invalid')
  })

  it('may have given an element to a dequeue that never learned of it', () => {
    const history = recorded([
      [0, 'invoke', 'enqueue', 1],
      [0, 'ok', 'enqueue', 1],
      [1, 'invoke', 'dequeue'],
      [1, 'info', 'dequeue'],
      [2, 'invoke', 'dequeue'],
      [2, 'ok', 'dequeue', null],
    ])
    expect(checkTotalQueue(history).verdict).toBe('unknown')
    expect(checkTotalQueue(history, { unansweredTake: false }).verdict).toBe('invalid')
  })
})
