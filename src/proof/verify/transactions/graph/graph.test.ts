import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../testing/random-history.ts'
import { Effort } from '../effort.ts'
import { findComponents } from './components.ts'
import { PASS, RW, WR, WW } from './edge-kind.ts'
import { type Graph, GraphBuilder } from './graph.ts'
import { linkAll } from './link-all.ts'
import { PathFinder } from './path-finder.ts'
import { ranksOf } from './ranks.ts'

function randomGraph(seed: number): Graph {
  const random = seededRandom(seed)
  const nodes = 1 + Math.floor(random() * 12)
  const builder = new GraphBuilder(nodes, 1)
  const edges = Math.floor(random() * nodes * 2.5)
  for (let edge = 0; edge < edges; edge++) {
    const from = Math.floor(random() * nodes)
    const to = Math.floor(random() * nodes)
    if (from !== to) builder.add(from, to, random() < 0.5 ? WW : WR)
  }
  return builder.build()
}

const reachable = ({ offsets, targets, kinds }: Graph, from: number, allowed: number): Set<number> => {
  const seen = new Set<number>()
  const queue = [from]
  for (const node of queue) {
    for (let edge = offsets[node]!; edge < offsets[node + 1]!; edge++) {
      if ((kinds[edge]! & allowed) === 0 || seen.has(targets[edge]!)) continue
      seen.add(targets[edge]!)
      queue.push(targets[edge]!)
    }
  }
  return seen
}

test('edges between the same nodes become one with the kinds of all', () => {
  const builder = new GraphBuilder(3, 1)
  builder.add(0, 2, WW)
  builder.add(1, 2, WR)
  builder.add(0, 1, WW)
  builder.add(0, 2, RW)
  const { offsets, targets, kinds } = builder.build()
  expect([...offsets]).toEqual([0, 2, 3, 3])
  expect([...targets].map((target, edge) => [target, kinds[edge]])).toEqual([
    [2, WW | RW],
    [1, WW],
    [2, WR],
  ])
})

describe('on random graphs', () => {
  const seeds = Array.from({ length: 400 }, (_, seed) => seed)

  test('components are the nodes that reach each other', () => {
    for (const seed of seeds) {
      const graph = randomGraph(seed)
      const found = findComponents(graph, WW | WR, new Effort())!.map((members) =>
        [...members].sort((a, b) => a - b),
      )
      const all = Array.from({ length: graph.nodes }, (_, node) => node)
      const expected = new Map<string, number[]>()
      for (const node of all) {
        const own = reachable(graph, node, WW | WR)
        const members = all.filter(
          (other) => other === node || (own.has(other) && reachable(graph, other, WW | WR).has(node)),
        )
        if (members.length > 1) expected.set(members.join(), members)
      }
      expect(found.map((members) => members.join()).sort(), `seed ${seed}`).toEqual(
        [...expected.keys()].sort(),
      )
    }
  })

  test('there is a path where one can go, over allowed edges alone, and none within a shorter limit', () => {
    for (const seed of seeds) {
      const graph = randomGraph(seed)
      const paths = new PathFinder(graph, new Effort())
      for (let from = 0; from < graph.nodes; from++) {
        const near = reachable(graph, from, WW)
        for (let to = 0; to < graph.nodes; to++) {
          if (to === from) continue
          const path = paths.find(from, to, WW, { lengthMax: graph.nodes })
          expect(path !== undefined).toBe(near.has(to))
          if (path === undefined) continue
          expect([from, ...path.map((step) => step.to)]).toEqual([...path.map((step) => step.from), to])
          expect(path.every(({ kinds }) => kinds === WW)).toBe(true)
          expect(paths.find(from, to, WW, { lengthMax: path.length - 1 })).toBeUndefined()
        }
      }
    }
  })

  test('ranks go up along edges, and there are none when there is a cycle', () => {
    for (const seed of seeds) {
      const graph = randomGraph(seed)
      const ranks = ranksOf(graph, WW)
      expect(ranks === undefined).toBe(findComponents(graph, WW, new Effort())!.length > 0)
      if (ranks === undefined) continue
      for (let from = 0; from < graph.nodes; from++) {
        for (let edge = graph.offsets[from]!; edge < graph.offsets[from + 1]!; edge++) {
          if ((graph.kinds[edge]! & WW) !== 0)
            expect(ranks[graph.targets[edge]!]).toBeGreaterThan(ranks[from]!)
        }
      }
    }
  })
})

test.each([
  [5, 5],
  [200, 300],
])('all of %i lead to all of %i but themselves, in linear size', (sources, targets) => {
  const from = Array.from({ length: sources }, (_, at) => at * 2)
  const to = Array.from({ length: targets }, (_, at) => at * 3)
  const transactions = Math.max(sources * 2, targets * 3)
  const builder = new GraphBuilder(transactions)
  linkAll(builder, from, to, RW)
  const graph = builder.build()
  expect(graph.targets.length).toBeLessThan(1024 + 2 * sources + 4 * targets)
  for (const source of from) {
    const direct = new Set<number>()
    for (let edge = graph.offsets[source]!; edge < graph.offsets[source + 1]!; edge++) {
      expect(graph.kinds[edge]).toBe(RW)
      const target = graph.targets[edge]!
      direct.add(target)
      for (const further of reachable(graph, target, PASS)) direct.add(further)
    }
    const reached = [...direct].filter((node) => node < transactions).sort((left, right) => left - right)
    expect(reached).toEqual(to.filter((target) => target !== source))
  }
})
