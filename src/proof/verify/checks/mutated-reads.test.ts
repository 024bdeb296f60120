import { describe, expect, it } from 'vitest'
import type { HistoryValue } from '../history/event.ts'
import type { RecordedHistory } from '../history/recorded-history.ts'
import { seededRandom } from '../testing/random-history.ts'
import type { CheckResult } from '../verdict/verdict.ts'
import { checkBank } from './bank/check-bank.ts'
import { checkCausalRegister } from './causal/check-causal-register.ts'
import { checkCausalReverse } from './causal/check-causal-reverse.ts'
import { checkCounter } from './counter/check-counter.ts'
import { checkLog } from './log/check-log.ts'
import { checkFencedMutualExclusion } from './mutual-exclusion/check-fenced-mutual-exclusion.ts'
import { checkQueue } from './queue/check-queue.ts'
import { checkSessionGuarantees } from './session/check-session-guarantees.ts'
import { checkSetFull } from './set/check-set-full.ts'
import { inTurn } from './testing/recorded.ts'
import { checkUniqueIds } from './unique-ids/check-unique-ids.ts'

type Turn = readonly [process: number, f: string, value: HistoryValue, answer?: HistoryValue]
type Below = (count: number) => number

interface Mutated {
  readonly check: (history: RecordedHistory) => CheckResult
  /** A history of a correct object, one operation after another, each process in its turn. */
  readonly turns: (below: Below) => readonly Turn[]
  /** Which answers are changed, and into what. */
  readonly f: string
  readonly mutate: (answer: HistoryValue, below: Below) => HistoryValue
}

const times = <One>(count: number, one: (at: number) => One): One[] =>
  Array.from({ length: count }, (_, at) => one(at))
/** Writes of 1, 2 … by process 0, each read right after it by another. */
const registerTurns = (below: Below): Turn[] =>
  times(6, (at): Turn[] => [
    [0, 'write', at + 1],
    [below(2), 'read', null, at + 1],
  ]).flat()
const withoutOne = (answer: HistoryValue, below: Below): HistoryValue => {
  const elements = answer as readonly HistoryValue[]
  const out = below(elements.length)
  return elements.filter((_, at) => at !== out)
}

const cases: Readonly<Record<string, Mutated>> = {
  'a set, from which an element is taken': {
    check: (history) => checkSetFull(history, { linearizable: true }),
    turns: () =>
      times(6, (at): Turn[] => [
        [0, 'add', at],
        [1, 'read', null, times(at + 1, (element) => element)],
      ]).flat(),
    f: 'read',
    mutate: withoutOne,
  },
  'a counter, off by one': {
    check: (history) => checkCounter(history),
    turns: () =>
      times(6, (at): Turn[] => [
        [0, 'add', at % 2 === 0 ? 3 : -1],
        [1, 'read', null, 3 * (1 + (at >> 1)) - ((at + 1) >> 1)],
      ]).flat(),
    f: 'read',
    mutate: (answer, below) => (answer as number) + (below(2) === 0 ? 1 : -1),
  },
  'a bank, whose total is off by one': {
    check: (history) => checkBank(history, { total: 10 }),
    turns: (below) =>
      times(6, (): Turn => {
        const first = below(11)
        return [
          0,
          'read',
          null,
          new Map<HistoryValue, HistoryValue>([
            ['a', first],
            ['b', 10 - first],
          ]),
        ]
      }),
    f: 'read',
    mutate: (answer) => {
      const balances = new Map(answer as ReadonlyMap<HistoryValue, HistoryValue>)
      return balances.set('a', (balances.get('a') as number) + 1)
    },
  },
  'a queue, that gives another element': {
    check: (history) => checkQueue(history),
    turns: () =>
      times(6, (at): Turn[] => [
        [0, 'enqueue', at],
        [1, 'dequeue', null, at],
      ]).flat(),
    f: 'dequeue',
    mutate: (answer, below) => (answer as number) + 6 + below(3),
  },
  'unique ids, of which one is given again': {
    check: (history) => checkUniqueIds(history),
    turns: () => times(6, (at): Turn => [at % 2, 'generate', null, at]),
    f: 'generate',
    mutate: (answer, below) => ((answer as number) + 1 + below(5)) % 6,
  },
  'a causal register, that goes back': {
    check: (history) => checkCausalRegister(history),
    turns: registerTurns,
    f: 'read',
    mutate: (answer, below) => below(answer as number),
  },
  'all writes, of which an older one is missing': {
    check: (history) => checkCausalReverse(history),
    turns: () =>
      times(6, (at): Turn[] => [
        [0, 'write', at],
        [0, 'write', at + 10],
        [1, 'read', null, [...times(at + 1, (older) => older), ...times(at + 1, (older) => older + 10)]],
      ]).flat(),
    f: 'read',
    // The one that was written last may be missing.
    mutate: (answer, below) => [
      ...(withoutOne((answer as HistoryValue[]).slice(0, -1), below) as HistoryValue[]),
      (answer as HistoryValue[]).at(-1)!,
    ],
  },
  'a session, that reads what is older than its write': {
    check: (history) => checkSessionGuarantees(history),
    turns: () =>
      times(6, (at): Turn[] => [
        [0, 'write', at + 1],
        [0, 'read', null, at + 1],
      ]).flat(),
    f: 'read',
    mutate: (answer, below) => below(answer as number),
  },
  'a lock, that grants an old token': {
    check: (history) => checkFencedMutualExclusion(history),
    turns: () => times(6, (at): Turn => [at, 'acquire', null, at + 10]),
    f: 'acquire',
    // A first grant has none before it to be compared with, but then the next is less.
    mutate: (answer, below) =>
      (answer as number) === 10 ? 11 + below(9) : 10 + below((answer as number) - 10),
  },
  'a log, of which a message is at another place': {
    check: (history) => checkLog(history),
    turns: () =>
      times(6, (at): Turn[] => [
        [0, 'send', [['send', 'a', at]], [['send', 'a', [at, at]]]],
        [1, 'poll', [['poll']], [['poll', new Map([['a', [[at, at]]]])]]],
      ]).flat(),
    f: 'poll',
    mutate: (_, below) => [['poll', new Map([['a', [[below(3), 3 + below(3)]]]])]],
  },
}

describe('one mutated answer convicts', () => {
  for (const [name, { check, turns, f, mutate }] of Object.entries(cases))
    it(name, () => {
      for (let seed = 0; seed < 200; seed++) {
        const random = seededRandom(seed)
        const below: Below = (count) => Math.floor(random() * count)
        const right = turns(below)
        expect(check(inTurn(right)).verdict).toBe('valid')
        const places = right.flatMap((turn, at) => (turn[1] === f ? [at] : []))
        const place = places[below(places.length)]!
        const mutated = right.map(
          (turn, at): Turn => (at === place ? [turn[0], turn[1], turn[2], mutate(turn[3]!, below)] : turn),
        )
        expect(check(inTurn(mutated)).verdict, `seed ${seed}`).toBe('invalid')
      }
    })
})
