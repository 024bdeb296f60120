import { describe, expect, it } from 'vitest'
import { externalHistories } from '../history/testing/external-histories.ts'
import { bruteForceIsolation, explainsReads } from '../testing/isolation/brute-force-isolation.ts'
import { randomSketch } from '../testing/isolation/random-sketch.ts'
import {
  historyOf,
  type Sketch,
  type SketchedOperation,
  sketch,
  textOf,
} from '../testing/isolation/sketch.ts'
import { type StoreKind, storeHistory } from '../testing/isolation/store-history.ts'
import { checkIsolation } from './check-isolation.ts'
import type { IsolationHistory } from './history/isolation-history.ts'
import { IsolationHistoryBuilder } from './history/isolation-history-builder.ts'
import { readIsolationHistory } from './history/read-isolation-history.ts'
import { type IsolationLevel, isolationLevels, parseIsolationLevel } from './isolation-level.ts'
import { strongestIsolation } from './strongest-isolation.ts'

const fromStore = (store: StoreKind, seed: number, operations: number): IsolationHistory => {
  const builder = new IsolationHistoryBuilder()
  storeHistory(
    { seed, store, operations, sessions: 8, operationsPerTransaction: 5, keys: 60, writeRate: 0.4 },
    builder,
  )
  return builder.build()
}

describe('isolation of histories of others', () => {
  const shared = externalHistories('isolation')?.filter(({ name }) => name.endsWith('.txt'))
  if (shared === undefined) it.skip('the histories are not there: set DURE_EXTERNAL_DATA to their folder')
  for (const { name, bytes } of shared ?? []) {
    const strongest = name.split('/')[1]!
    it(`${name} is ${strongest} and nothing above, up to causal consistency`, () => {
      const history = readIsolationHistory([bytes])
      const weak = ['read-committed', 'read-atomic', 'causal'] as const
      const held = weak.filter((consistency) => checkIsolation(history, { consistency }).verdict === 'valid')
      expect(held).toEqual(weak.slice(0, weak.indexOf(strongest as 'causal') + 1))
    })
  }
})

/** More: `DURE_ISOLATION_HISTORIES=100000`. */
const HISTORIES = Number(process.env.DURE_ISOLATION_HISTORIES ?? 17_000)

describe('isolation of tiny histories', () => {
  it('is what the axioms say of every order of commits, and the orders given are such orders', () => {
    const seen: Record<string, number> = {}
    for (let seed = 0; seed < HISTORIES; seed++) {
      const history = randomSketch(seed)
      const held = bruteForceIsolation(history)
      const compact = historyOf(history)
      for (const consistency of isolationLevels) {
        const { verdict, order } = checkIsolation(compact, { consistency })
        const about = `seed ${seed}, ${consistency}:\n${textOf(history)}`
        expect(verdict, about).toBe(held?.has(consistency) ? 'valid' : 'invalid')
        if (order !== undefined) expect(explainsReads(history, consistency, order), about).toBe(true)
        seen[`${consistency} ${verdict}`] = (seen[`${consistency} ${verdict}`] ?? 0) + 1
      }
    }
    // Of each level there were enough of both, and each level told apart from the next.
    for (const level of isolationLevels) expect(seen[`${level} invalid`]).toBeGreaterThan(1000)
    for (let at = 1; at < isolationLevels.length; at++) {
      expect(seen[`${isolationLevels[at]} invalid`]).toBeGreaterThan(
        seen[`${isolationLevels[at - 1]} invalid`]!,
      )
    }
  })

  it('does not depend on the order of sessions, nor on what keys and values are called', () => {
    for (let seed = 50_000; seed < 50_400; seed++) {
      const history = randomSketch(seed)
      const { strongest } = strongestIsolation(historyOf(history))
      expect(strongestIsolation(historyOf([...history].reverse())).strongest).toBe(strongest)
      const renamed = mapOperations(history, ([kind, key, value]) => [
        kind,
        `key ${key}`,
        value === null ? null : -1 - value,
      ])
      expect(strongestIsolation(historyOf(renamed)).strongest).toBe(strongest)
    }
  })

  it('stays valid when transactions that nobody read from are cut off the ends of sessions', () => {
    for (let seed = 60_000; seed < 60_400; seed++) {
      const history = randomSketch(seed)
      const { strongest } = strongestIsolation(historyOf(history))
      if (strongest === undefined) continue
      for (let session = 0; session < history.length; session++) {
        const last = history[session]!.at(-1)!
        const written = new Set(last.flatMap(([kind, , value]) => (kind === 'w' ? [value] : [])))
        const others = history.flatMap((each, at) => (at === session ? each.slice(0, -1) : each))
        if (others.flat().some(([kind, , value]) => kind === 'r' && written.has(value))) continue
        const cut = history.map((each, at) => (at === session ? each.slice(0, -1) : each))
        const { verdict } = checkIsolation(historyOf(cut), { consistency: strongest })
        expect(verdict, `seed ${seed}, session ${session}`).toBe('valid')
      }
    }
  })
})

const mapOperations = (history: Sketch, map: (operation: SketchedOperation) => SketchedOperation): Sketch =>
  history.map((session) => session.map((transaction) => transaction.map(map)))

describe('isolation of broken stores', () => {
  const stores: readonly [
    what: string,
    history: string,
    strongest: IsolationLevel | undefined,
    anomaly: string,
  ][] = [
    ['read its own future through another', 'r y 2 | w x 1 / r x 1 | w y 2', undefined, 'G1c-process'],
    [
      'went back in time within a transaction',
      'w x 1, w y 1 | w x 2, w y 2 / r x 2, r y 1',
      undefined,
      'non-monotonic-read',
    ],
    [
      'read half of a transaction',
      'w x 1, w y 1 | w x 2, w y 2 / r y 1, r x 2',
      'read-committed',
      'fractured-read',
    ],
    [
      'read a key twice and found two values',
      'w x 1 / w x 2 / r x 1, r x 2',
      'read-committed',
      'fractured-read',
    ],
    ['forgot what a session had written', 'w x 1 | r x -', 'read-committed', 'fractured-read-process'],
    [
      'showed an answer before the question',
      'w x 1 | w x 2 / r x 2, w y 1 / r y 1, r x 1',
      'read-atomic',
      'causality-violation-process',
    ],
    ['showed two writes in two orders', 'w x 1 / w y 1 / r x 1, r y - / r y 1, r x -', 'causal', 'long-fork'],
    ['lost an update', 'w x 0 / r x 0, w x 1 / r x 0, w x 2', 'prefix', 'lost-update'],
    [
      'let two writes pass each other',
      'r x -, r y -, w x 1 / r x -, r y -, w y 1',
      'snapshot-isolation',
      'write-skew',
    ],
    [
      'let a read-only transaction see what cannot have been',
      'r x -, r y -, w x 1 / r y -, w y 1 | r x -, r y 1',
      'snapshot-isolation',
      'G2-item',
    ],
  ]
  for (const [what, history, expected, anomaly] of stores) {
    it(`convicts one that ${what} at its level and acquits it below`, () => {
      const { strongest, results } = strongestIsolation(historyOf(sketch(history)))
      expect(strongest).toBe(expected)
      const convicted = results.at(-1)!
      expect(convicted.verdict).toBe('invalid')
      expect(convicted.anomalies[0]!.name).toBe(anomaly)
      expect(convicted.anomalies[0]!.events.length).toBeGreaterThan(1)
      for (const line of convicted.anomalies[0]!.drawing!.split('\n')) {
        expect(line.length).toBeLessThanOrEqual(90)
      }
      for (const consistency of isolationLevels.slice(results.length)) {
        expect(checkIsolation(historyOf(sketch(history)), { consistency }).verdict).toBe('invalid')
      }
    })
  }

  it('says in sentences and draws why', () => {
    const history = historyOf(sketch('w x 1 | w x 2 / r x 2, w y 1 / r y 1, r x 1'))
    const [anomaly] = checkIsolation(history, { consistency: 'causal' }).anomalies
    expect(anomaly!.explanation).toBe(
      'No order of commits is possible: T1 → T0 → T1 would be a circle. T3 read x = 1 of T0, and it must have seen x = 2 of T1 (T2 read x = 2 of T1, T3 read y = 1 of T2): so T1 committed before T0. T0 comes before T1 in session 0.',
    )
    expect(anomaly!.drawing).toBe(
      [
        '  T1: w x 2',
        '   │ overwritten in x: T3 saw the former, and read the latter',
        '   ▼',
        '  T0: w x 1',
        '   │ session order',
        '   ▼',
        '  T1, again',
      ].join('\n'),
    )
  })

  it('acquits correct stores at their levels', () => {
    const guaranteed: Record<StoreKind, IsolationLevel> = {
      serializable: 'serializable',
      snapshot: 'snapshot-isolation',
      causal: 'causal',
    }
    for (const store of ['serializable', 'snapshot', 'causal'] as const) {
      for (let seed = 1; seed <= 3; seed++) {
        const history = fromStore(store, seed, 2000)
        const { strongest, results } = strongestIsolation(history)
        expect(strongest, `${store}, seed ${seed}: ${results.at(-1)!.summary}`).toBe(guaranteed[store])
      }
    }
  })

  it('convicts a correct store of which one read is made older than the session had seen', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const text: Sketch[number][number][number][][][] = []
      storeHistory(
        {
          seed,
          store: 'serializable',
          operations: 600,
          sessions: 4,
          operationsPerTransaction: 4,
          keys: 10,
          writeRate: 0.5,
        },
        {
          session: () => text.push([]),
          transaction: () => text.at(-1)!.push([]),
          read: (key, value) => text.at(-1)!.at(-1)!.push(['r', key, value]),
          write: (key, value) => text.at(-1)!.at(-1)!.push(['w', key, value]),
        },
      )
      expect(checkIsolation(historyOf(text), { consistency: 'serializable' }).verdict).toBe('valid')
      const session = text[seed % 4]!
      const [, key, value] = session[0]!.findLast(([kind]) => kind === 'w') ?? ['w', 0, null]
      session.push([['w', key, 1_000_000]], [['r', key, value]])
      expect(checkIsolation(historyOf(text), { consistency: 'read-committed' }).verdict).toBe('valid')
      expect(checkIsolation(historyOf(text), { consistency: 'read-atomic' }).verdict).toBe('invalid')
    }
  })
})

describe('a check of isolation', () => {
  it('answers unknown when its budget is spent, and says what it spent', () => {
    const history = fromStore('serializable', 1, 20_000)
    const bySteps = checkIsolation(history, { consistency: 'serializable', budget: { steps: 100_000 } })
    expect(bySteps).toMatchObject({ verdict: 'unknown', anomalies: [] })
    expect(bySteps.summary).toContain('spent its budget')
    expect(bySteps.spent.steps).toBeGreaterThan(0)
    const byMemory = checkIsolation(history, { consistency: 'serializable', budget: { memoryBytes: 10_000 } })
    expect(byMemory).toMatchObject({ verdict: 'unknown' })
    expect(byMemory.summary).toContain('spent the memory it may use')
    const byTime = checkIsolation(history, { consistency: 'serializable', budget: { isOver: () => true } })
    expect(byTime.verdict).toBe('unknown')
  })

  it('gives an order of commits and the events of its transactions', () => {
    const history = historyOf(sketch('r x 1 / w x 1 | w x 2'))
    const { order } = checkIsolation(history, { consistency: 'serializable' })
    expect([...order!.transactions]).toEqual([1, 0, 2])
    expect([...order!.events]).toEqual([1, 0, 2])
  })

  it('knows the levels by their names in the lattice, and lists them when it does not', () => {
    expect(parseIsolationLevel('strong-session-snapshot-isolation')).toBe('snapshot-isolation')
    expect(() => parseIsolationLevel('linear')).toThrow('read-committed, read-atomic, causal')
    expect(checkIsolation(historyOf(sketch('w x 1')), { consistency: 'serializable' })).toMatchObject({
      verdict: 'valid',
      summary:
        'The history is serializable (each session in its order): 1 transaction in 1 session have an order.',
      level: 'serializable',
      model: 'strong-session-serializable',
    })
  })
})
