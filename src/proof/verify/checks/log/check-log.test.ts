import { describe, expect, it } from 'vitest'
import type { HistoryValue } from '../../history/event.ts'
import type { RecordedHistory } from '../../history/recorded-history.ts'
import type { RecordedOperation } from '../../history/recorded-operation.ts'
import { cutOff, disguised, inTurn, recorded } from '../testing/recorded.ts'
import { simulateClients } from '../testing/simulate-clients.ts'
import { expectAgreement } from '../testing/tiny-histories.ts'
import { checkLog } from './check-log.ts'

type Fault = 'none' | 'loses' | 'repeats' | 'overwrites' | 'shows what failed' | 'skips'

/** Two partitions with gaps in their offsets, and clients that poll where they left off. */
function simulateLog(seed: number, fault: Fault): RecordedHistory {
  const logs = new Map<string, [number, HistoryValue][]>([
    ['a', []],
    ['b', []],
  ])
  const positions = new Map<string, number>()
  let next = 0
  const history = simulateClients({
    ...{ seed, processes: 3, operations: 60, unknownRate: 0.05 },
    next: ({ below }) =>
      below(2) === 0
        ? { f: 'send', value: [['send', below(2) === 0 ? 'a' : 'b', next++]] }
        : { f: 'poll', value: [['poll']] },
    run: ({ f, value }, { process, below }) => {
      if (f === 'send') {
        const [, key, sent] = (value as HistoryValue[][])[0]! as [string, string, HistoryValue]
        const log = logs.get(key)!
        const end = (log.at(-1)?.[0] ?? -1) + 1 + below(2)
        const offset = fault === 'overwrites' && below(6) === 0 && log.length > 1 ? log.at(-1)![0] : end
        if (fault === 'repeats' && below(6) === 0) log.push([end, sent], [end + 1, sent])
        else if (fault !== 'loses' || below(6) > 0) log.push([offset, sent])
        if (fault === 'shows what failed' && below(6) === 0) return undefined
        return [['send', key, [offset, sent]]]
      }
      const found = new Map<string, HistoryValue>()
      for (const [key, log] of logs) {
        const from = positions.get(`${process} ${key}`) ?? 0
        const start = fault === 'skips' && below(6) === 0 ? from + 1 : from
        const messages = log.slice(start, start + 1 + below(3))
        positions.set(`${process} ${key}`, start + messages.length)
        if (messages.length > 0) found.set(key, messages)
      }
      return [['poll', found]]
    },
  })
  return history
}

/** Anything: sends and polls of few values at few offsets. */
function anyLog(seed: number): RecordedHistory {
  let next = 0
  return simulateClients({
    ...{ seed, processes: 2, operations: 2 + (seed % 5), unknownRate: 0.1, failRate: 0.15 },
    next: ({ below }) => {
      const send = (): HistoryValue => ['send', 0, next++ % 5]
      const choice = below(8)
      if (choice < 4) return { f: 'send', value: below(3) === 0 ? [send(), send()] : [send()] }
      if (choice < 7) return { f: 'poll', value: [['poll']] }
      return below(2) === 0
        ? { f: below(2) === 0 ? 'assign' : 'subscribe', value: below(2) === 0 ? [0] : [1] }
        : { f: 'txn', value: [send(), ['poll']] }
    },
    run: ({ f, value }, { below }) => {
      if (f === 'assign' || f === 'subscribe') return value
      return (value as [string, number, number][]).map(([kind, key, sent]) => {
        const offsetOf = (id: number): number => (below(6) === 0 ? below(5) : id * 2)
        if (kind === 'send') return ['send', key, [below(8) === 0 ? null : offsetOf(sent), sent]]
        const from = below(3)
        const pairs = [from, from + 1, from + 2].slice(0, below(4)).map((id) => [offsetOf(id), id])
        return ['poll', new Map([[String(0), pairs]])]
      })
    },
  })
}

interface Sight {
  readonly kind: 'send' | 'poll'
  readonly operation: RecordedOperation
  readonly value: number
  readonly offset: number | null
}

function sightsOf(operation: RecordedOperation): Sight[] {
  const isOk = operation.outcome === 'ok'
  if (operation.f === 'assign' || operation.f === 'subscribe') return []
  return ((isOk ? operation.answer : operation.value) as HistoryValue[][]).flatMap((part): Sight[] => {
    if (part[0] === 'send') {
      const [offset, value] = isOk ? (part[2] as [number | null, number]) : [null, part[2] as number]
      return [{ kind: 'send', operation, value, offset }]
    }
    if (part[1] === undefined) return []
    const pairs = [...(part[1] as ReadonlyMap<string, [number, number][]>).values()].flat()
    return pairs.map(([offset, value]) => ({ kind: 'poll', operation, value, offset }))
  })
}

/** The names of all anomalies, each by its definition, one sight against all others. */
function slowLog(operations: readonly RecordedOperation[]): string[] {
  const all = operations.flatMap(sightsOf)
  const done = all.filter(({ operation }) => operation.outcome === 'ok')
  const polls = done.filter(({ kind }) => kind === 'poll')
  const sends = all.filter(({ kind, operation }) => kind === 'send' && operation.outcome !== 'failed')
  const offsetsOf = (value: number): number[] => [
    ...new Set(
      done.filter((each) => each.value === value && each.offset !== null).map(({ offset }) => offset!),
    ),
  ]
  const offsets = [
    ...new Set(done.filter(({ offset }) => offset !== null).map(({ offset }) => offset!)),
  ].sort()
  const placeOf = ({ offset, value }: Sight): number => {
    if (offset !== null) return offsets.indexOf(offset)
    const known = offsetsOf(value)
    return known.length === 1 ? offsets.indexOf(known[0]!) : -1
  }
  const names = new Set<string>()
  for (const one of done)
    for (const other of done)
      if (one.offset !== null && one.offset === other.offset && one.value !== other.value)
        names.add('inconsistent-offset')
  for (const value of [0, 1, 2, 3, 4]) {
    const known = offsetsOf(value)
    if (known.length > 1 && known.length > sends.filter((send) => send.value === value).length)
      names.add('duplicate-message')
    const isAcknowledged = done.some((each) => each.kind === 'send' && each.value === value)
    if (!isAcknowledged || polls.some((poll) => poll.value === value)) continue
    const isBehind = polls.some((poll) => Math.min(...offsetsOf(poll.value)) >= Math.max(...known))
    names.add(known.length > 0 && isBehind ? 'lost-message' : 'unseen-message')
  }
  for (const poll of polls) {
    const before = all.filter(
      (each) => each.value === poll.value && each.operation.call < poll.operation.return!,
    )
    const own = done.filter((each) => each.kind === 'send' && each.operation === poll.operation)
    if (own.some(({ value }) => value === poll.value)) names.add('precommitted-read')
    const sent = sends.filter(({ value }) => value === poll.value)
    if (sent.some((send) => before.includes(send))) continue
    const isFailed = sent.length === 0 && before.some(({ operation }) => operation.outcome === 'failed')
    names.add(isFailed ? 'aborted-read' : 'unexpected-message')
  }
  for (const process of new Set(operations.map((operation) => operation.process))) {
    const own = operations.filter(
      (operation) => operation.process === process && operation.outcome !== 'failed',
    )
    let [polled, isSubscribed]: [Sight | undefined, boolean] = [undefined, false]
    let sent: Sight | undefined
    for (const operation of own) {
      const { f, outcome, value } = operation
      const isAssignment = f === 'assign' || f === 'subscribe'
      if (isAssignment) isSubscribed = f === 'subscribe'
      const keeps = isAssignment
        ? (value as number[]).includes(0) && outcome === 'ok'
        : outcome === 'ok' || f === 'send'
      if (!keeps) polled = undefined
      if (isAssignment || outcome !== 'ok') continue
      for (const sight of sightsOf(operation)) {
        const place = placeOf(sight)
        if (sight.kind === 'send') {
          if (place < 0) continue
          const isInternal = sent?.operation === operation ? 'internal-' : ''
          if (sent !== undefined && placeOf(sent) >= place) names.add(`${isInternal}nonmonotonic-send`)
          sent = sight
        } else {
          const isInternal = polled?.operation === operation ? 'internal-' : ''
          if (polled !== undefined && !isSubscribed && place >= 0 && placeOf(polled) >= 0) {
            if (place > placeOf(polled) + 1) names.add(`${isInternal}poll-skip`)
            if (place <= placeOf(polled)) names.add(`${isInternal}nonmonotonic-poll`)
          }
          polled = sight
        }
      }
      if (isSubscribed) polled = undefined
    }
  }
  return [...names].sort()
}

const send = (key: string, sent: number, offset?: number): HistoryValue =>
  offset === undefined ? [['send', key, sent]] : [['send', key, [offset, sent]]]
const poll = (key: string, ...pairs: (readonly [number, number])[]): HistoryValue => [
  ['poll', new Map([[key, pairs as unknown as HistoryValue]])],
]

function namesOf(history: RecordedHistory): string[] {
  return checkLog(history).anomalies.map(({ name }) => name)
}

describe('a log of partitions', () => {
  it('has the anomalies that their definitions find, one message against all others', () => {
    expectAgreement({
      histories: 8_000,
      history: anyLog,
      check: (history) => {
        const { anomalies } = checkLog(history, { finalPolls: true }).statistics
        return Object.keys(anomalies)
          .filter((name) => anomalies[name]! > 0)
          .sort()
      },
      slow: slowLog,
    })
  })

  it('that is right is acquitted, in disguise or cut', () => {
    for (let seed = 0; seed < 60; seed++) {
      const history = simulateLog(seed, 'none')
      expect(checkLog(history).verdict).toBe('valid')
      expect(checkLog(disguised(history)).verdict).toBe('valid')
      expect(checkLog(cutOff(history, 20 + seed)).verdict).not.toBe('invalid')
    }
  })

  for (const fault of ['loses', 'repeats', 'overwrites', 'shows what failed', 'skips'] as const)
    it(`that ${fault} is convicted`, () => {
      let convicted = 0
      for (let seed = 0; seed < 60; seed++)
        if (checkLog(simulateLog(seed, fault)).verdict === 'invalid') convicted++
      expect(convicted).toBeGreaterThan(50)
    })

  it('tells of a lost message by what was polled beyond it', () => {
    const result = checkLog(
      inTurn([
        [0, 'send', send('a', 7), send('a', 7, 0)],
        [0, 'send', send('a', 8), send('a', 8, 3)],
        [1, 'poll', [['poll']], poll('a', [3, 8])],
      ]),
    )
    expect(result.anomalies.map(({ explanation }) => explanation)).toEqual([
      'Operation 0 sent message 7 of partition a, acknowledged at offset 0. Nobody polled it, though operation 4 polled 8 at offset 3, beyond it.',
    ])
    expect(result.anomalies[0]!.drawing).toBe('  a: ... [0: 7, never polled] ... [3: 8, polled]')
  })

  it('whose clients begin in the middle lost only what one of them left out', () => {
    const sends = [0, 1, 2].map((sent) => [0, 'send', send('a', sent), send('a', sent, sent)] as const)
    const middle = inTurn([...sends, [1, 'poll', [['poll']], poll('a', [1, 1], [2, 2])]])
    expect(namesOf(middle)).toEqual(['lost-message'])
    expect(checkLog(middle, { fromBeginning: false }).verdict).toBe('valid')
    const around = inTurn([
      ...sends,
      [1, 'poll', [['poll']], poll('a', [0, 0])],
      [2, 'poll', [['poll']], poll('a', [2, 2])],
    ])
    expect(checkLog(around, { fromBeginning: false }).verdict).toBe('valid')
    const leftOut = inTurn([
      ...sends,
      [1, 'poll', [['poll']], poll('a', [0, 0])],
      [1, 'poll', [['poll']], poll('a', [2, 2])],
    ])
    const told = checkLog(leftOut, { fromBeginning: false }).anomalies.map(({ name }) => name)
    expect(told).toEqual(['lost-message', 'poll-skip'])
  })

  it('asks clients that assign for polls without gaps, and not those that subscribe', () => {
    const sends = [1, 2, 3].map((sent) => [0, 'send', send('a', sent), send('a', sent, sent)] as const)
    const skips = (f: string) =>
      inTurn([
        ...sends,
        [1, 'poll', [['poll']], poll('a', [1, 1], [2, 2], [3, 3])],
        [2, f, ['a']],
        [2, 'poll', [['poll']], poll('a', [1, 1])],
        [2, 'poll', [['poll']], poll('a', [3, 3])],
        [2, 'poll', [['poll']], poll('a', [2, 2])],
      ])
    expect(namesOf(skips('assign'))).toEqual(['poll-skip', 'nonmonotonic-poll'])
    expect(namesOf(skips('subscribe'))).toEqual([])
  })

  it('counts what nobody polled, and convicts it when all was polled to the end', () => {
    const history = inTurn([
      [0, 'send', send('a', 1), send('a', 1, 0)],
      [1, 'poll', [['poll']], poll('a', [0, 1])],
      [0, 'send', send('a', 2), send('a', 2, 1)],
    ])
    expect(checkLog(history)).toMatchObject({ verdict: 'valid', statistics: { unseen: 1 } })
    expect(checkLog(history, { finalPolls: true }).anomalies[0]!.name).toBe('unseen-message')
  })

  it('of which nothing was polled cannot be judged, and refuses what it cannot read', () => {
    expect(checkLog(recorded([])).verdict).toBe('unknown')
    expect(checkLog(inTurn([[0, 'send', send('a', 1), send('a', 1, 0)]])).verdict).toBe('unknown')
    expect(() => checkLog(inTurn([[0, 'send', 7]]))).toThrow('event 1: found 7, expected a list of ["send"')
    const wrong = inTurn([[0, 'poll', [['poll']], [['poll', new Map([['a', [5]]])]]]])
    expect(() => checkLog(wrong)).toThrow('event 1: found 5')
  })
})
