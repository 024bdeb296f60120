import { expect, it } from 'vitest'
import { bruteForceIsolation, explainsReads } from '../../testing/isolation/brute-force-isolation.ts'
import { randomSketch } from '../../testing/isolation/random-sketch.ts'
import { historyOf, textOf } from '../../testing/isolation/sketch.ts'
import { buildGraph, Nodes } from '../graph/inferred-edges.ts'
import { FrontierSet } from './frontier-set.ts'
import { ReadSlots } from './read-slots.ts'
import { searchOrder } from './search.ts'

it('a search without anything inferred before it finds an order exactly where there is one', () => {
  let none = 0
  for (let seed = 0; seed < 4000; seed++) {
    const sketched = randomSketch(seed)
    const held = bruteForceIsolation(sketched)
    if (held === undefined || !held.has('read-atomic')) continue
    const history = historyOf(sketched)
    for (const level of ['prefix', 'snapshot-isolation', 'serializable'] as const) {
      const nodes = new Nodes(history, level !== 'serializable')
      const result = searchOrder({
        history,
        nodes,
        slots: new ReadSlots(history),
        graph: buildGraph(history, nodes, undefined),
        rank: new Int32Array(nodes.count),
        forbidsWriteConflicts: level === 'snapshot-isolation',
        memoryBytesMax: 2 ** 20,
        spend: () => false,
      })
      expect(result.kind, `seed ${seed}, ${level}:\n${textOf(sketched)}`).toBe(
        held.has(level) ? 'found' : 'none',
      )
      if (result.kind === 'none') none++
      if (result.kind !== 'found' || nodes.split) continue
      expect(explainsReads(sketched, level, { transactions: result.order })).toBe(true)
    }
  }
  expect(none).toBeGreaterThan(100)
})

it('a set of frontiers knows those that it was given, and no others', () => {
  const set = new FrontierSet(3)
  const frontiers = Array.from({ length: 500 }, (_, at) => Int32Array.of(at % 7, at % 11, at % 13))
  for (const frontier of frontiers.slice(0, 250)) set.add(frontier)
  set.add(frontiers[0]!)
  expect(set.size).toBe(250)
  for (let at = 0; at < 500; at++) expect(set.has(frontiers[at]!)).toBe(at < 250)
})
