import { describe, expect, it } from 'vitest'
import type { HistoryValue } from '../../history/event.ts'
import type { RecordedHistory } from '../../history/recorded-history.ts'
import type { RecordedOperation } from '../../history/recorded-operation.ts'
import { cutOff, disguised, inTurn, recorded } from '../testing/recorded.ts'
import { simulateClients, type Tools } from '../testing/simulate-clients.ts'
import { expectAgreement } from '../testing/tiny-histories.ts'
import { checkSessionGuarantees } from './check-session-guarantees.ts'
import { type SessionGuarantee, sessionGuarantees } from './guarantee.ts'

const versioned = (value: HistoryValue, version: number): HistoryValue =>
  new Map<HistoryValue, HistoryValue>([
    ['value', value],
    ['version', version],
  ])

/** One register with new values; `read` says what is found, a place in the list of all that was written. */
function simulateRegister(
  seed: number,
  options: { readonly operations: number; readonly isVersioned: boolean; readonly isTiny?: boolean },
  read: (written: readonly number[], tools: Tools) => number,
): RecordedHistory {
  const written: number[] = [0]
  let next = 1
  const history = simulateClients({
    ...{ seed, processes: 3, operations: options.operations, unknownRate: 0.1, failRate: 0.05 },
    next: ({ below }) =>
      below(2) === 0 && (options.isTiny !== true || next < 5)
        ? { f: 'write', value: next++ }
        : { f: 'read', value: null },
    run: ({ f, value }, tools) => {
      if (f === 'write') {
        const version = options.isTiny === true ? 1 + tools.below(4) : written.length
        written.push(value as number)
        return options.isVersioned ? versioned(value, version) : value
      }
      const place = read(written, tools)
      const found = written[place] ?? 0
      if (!options.isVersioned) return found
      return versioned(found, options.isTiny === true ? tools.below(5) : place)
    },
  })
  return history
}

interface Did {
  readonly kind: string
  readonly outcome: string
  readonly version: number
}

/** The four definitions, word for word, of one session whose versions are known. */
function keeps(guarantee: SessionGuarantee, session: readonly Did[]): boolean {
  return session.every((later, at) =>
    session.slice(0, at).every((earlier) => {
      if (earlier.outcome !== 'ok') return true
      const isThese = {
        'read-your-writes': earlier.kind === 'write' && later.kind === 'read' && later.outcome === 'ok',
        'monotonic-reads': earlier.kind === 'read' && later.kind === 'read' && later.outcome === 'ok',
        'monotonic-writes': earlier.kind === 'write' && later.kind === 'write',
        'writes-follow-reads': earlier.kind === 'read' && later.kind === 'write',
      }[guarantee]
      return !isThese || earlier.version <= later.version
    }),
  )
}

function permutations(values: readonly number[]): number[][] {
  if (values.length === 0) return [[]]
  return values.flatMap((value) =>
    permutations(values.filter((other) => other !== value)).map((others) => [value, ...others]),
  )
}

function sessionsOf(
  operations: readonly RecordedOperation[],
  versionOf: (operation: RecordedOperation) => number,
): Did[][] {
  const processes = [...new Set(operations.map(({ process }) => process))]
  return processes.map((process) =>
    operations
      .filter((operation) => operation.process === process && operation.outcome !== 'failed')
      .map((operation) => ({ kind: operation.f, outcome: operation.outcome, version: versionOf(operation) })),
  )
}

/** Every order of the versions: what holds together in one of them, and what holds alone. */
function slowValues(operations: readonly RecordedOperation[]) {
  const happened = operations.filter(({ f, outcome }) => f === 'write' && outcome !== 'failed')
  const isWrong = operations.some(
    ({ f, outcome, answer, return: returned }) =>
      f === 'read' &&
      outcome === 'ok' &&
      answer !== 0 &&
      !happened.some(({ value, call }) => value === answer && call < returned!),
  )
  const orders = permutations(happened.map(({ value }) => value as number)).map((order) => [0, ...order])
  const holds = (guarantees: readonly SessionGuarantee[]): boolean =>
    orders.some((order) =>
      sessionsOf(operations, ({ f, value, answer }) =>
        order.indexOf((f === 'read' ? (answer ?? null) : value) as number),
      ).every((session) => guarantees.every((guarantee) => keeps(guarantee, session))),
    )
  return {
    isWrong: isWrong || !holds(sessionGuarantees),
    broken: isWrong ? [] : sessionGuarantees.filter((guarantee) => !holds([guarantee])),
  }
}

function judged(history: RecordedHistory) {
  const { verdict, guarantees, anomalies } = checkSessionGuarantees(history)
  const isUnwritten = anomalies.some(({ name }) => name === 'unwritten-value' || name === 'failed-write-read')
  return {
    isWrong: verdict === 'invalid',
    broken: isUnwritten ? [] : sessionGuarantees.filter((guarantee) => guarantees[guarantee] === 'invalid'),
  }
}

describe('the session guarantees', () => {
  it('hold together exactly when some order of the versions keeps them, and alone likewise', () => {
    expectAgreement({
      histories: 6_000,
      history: (seed) =>
        simulateRegister(
          seed,
          { operations: 3 + (seed % 8), isVersioned: false, isTiny: true },
          (written, { below }) => below(written.length),
        ),
      check: judged,
      slow: slowValues,
    })
  })

  it('are decided each by itself where versions are told', () => {
    expectAgreement({
      histories: 6_000,
      history: (seed) =>
        simulateRegister(seed, { operations: 3 + (seed % 6), isVersioned: true, isTiny: true }, () => 0),
      check: (history) => judged(history),
      slow: (operations) => {
        const versionOf = ({ f, answer, outcome }: RecordedOperation): number => {
          if (outcome === 'ok') return (answer as ReadonlyMap<string, number>).get('version')!
          return f === 'write' ? Infinity : -Infinity
        }
        const sessions = sessionsOf(operations, versionOf)
        const broken = sessionGuarantees.filter((each) => !sessions.every((session) => keeps(each, session)))
        return { isWrong: broken.length > 0, broken }
      },
    })
  })

  for (const isVersioned of [false, true])
    it(`are kept by a fresh register, in disguise or cut, and not by a stale one${isVersioned ? ', with versions' : ''}`, () => {
      let convicted = 0
      for (let seed = 0; seed < 60; seed++) {
        const options = { operations: 40, isVersioned }
        const history = simulateRegister(seed, options, (written) => written.length - 1)
        expect(checkSessionGuarantees(history).verdict).toBe('valid')
        expect(checkSessionGuarantees(disguised(history)).verdict).toBe('valid')
        expect(checkSessionGuarantees(cutOff(history, seed)).verdict).not.toBe('invalid')
        const stale = simulateRegister(seed, options, (written, { below }) => written.length - 1 - below(2))
        if (checkSessionGuarantees(stale).verdict === 'invalid') convicted++
      }
      expect(convicted).toBeGreaterThan(40)
    })

  it('that are not claimed are not asked for', () => {
    const history = inTurn([
      [0, 'write', 1],
      [0, 'read', null, 0],
    ])
    const result = checkSessionGuarantees(history)
    expect(result.guarantees['read-your-writes']).toBe('invalid')
    expect(result.summary).toBe('The sessions are wrong: read-your-writes (1).')
    expect(checkSessionGuarantees(history, { guarantees: ['monotonic-writes'] }).verdict).toBe('valid')
  })

  it('say which of them cannot hold together, when it is not clear which is broken', () => {
    const result = checkSessionGuarantees(
      inTurn([
        [0, 'write', 1],
        [0, 'write', 2],
        [0, 'read', null, 1],
      ]),
    )
    expect(result.anomalies.map(({ name }) => name)).toEqual(['read-your-writes+monotonic-writes'])
    expect(result.guarantees).toEqual({
      ...{ 'read-your-writes': 'unknown', 'monotonic-writes': 'unknown' },
      ...{ 'monotonic-reads': 'valid', 'writes-follow-reads': 'valid' },
    })
    expect(result.anomalies[0]!.explanation).toContain(
      'read-your-writes and monotonic-writes cannot hold together: by ',
    )
  })

  it('are told apart by versions', () => {
    const history = inTurn([
      [0, 'write', 1, versioned(1, 7)],
      [0, 'write', 2, versioned(2, 5)],
      [0, 'read', null, versioned(1, 7)],
    ])
    const result = checkSessionGuarantees(history)
    expect(result.anomalies.map(({ name, explanation }) => [name, explanation])).toEqual([
      [
        'monotonic-writes',
        'Session 0 wrote version 7 of the object by operation 0, and then wrote version 5 by operation 2, which is older.',
      ],
    ])
  })

  it('are checked on each object of a transaction', () => {
    const history = inTurn([
      [
        0,
        'txn',
        [
          ['w', 'x', 1],
          ['w', 'y', 1],
        ],
      ],
      [
        0,
        'txn',
        [
          ['r', 'y', null],
          ['r', 'x', null],
        ],
        [
          ['r', 'y', 1],
          ['r', 'x', null],
        ],
      ],
    ])
    const result = checkSessionGuarantees(history)
    expect(result.anomalies.map(({ explanation }) => explanation)).toEqual([
      'Session 0 wrote 1 of "x" by operation 0, and then read nil, the initial state, by operation 2.',
    ])
    expect(() => checkSessionGuarantees(inTurn([[0, 'txn', 7]]))).toThrow('expected reads and writes')
  })

  it('cannot be judged where values are written twice or no session comes back', () => {
    expect(checkSessionGuarantees(recorded([])).verdict).toBe('unknown')
    const twice = inTurn([
      [0, 'write', 1],
      [1, 'write', 1],
    ])
    expect(checkSessionGuarantees(twice).summary).toContain('1 is written by operations 0 and 2')
  })
})
