import { describe, expect, it } from 'vitest'
import { SeededRandom } from '../../../runtime/seeded-random.ts'
import { drawPartition, partitionShapes } from './partition-shape.ts'

const five = ['1', '2', '3', '4', '5']

/** Whom each node can send to and hear from, itself included. */
function reached(nodes: readonly string[], cuts: readonly { from: string; to: string }[]) {
  const isCut = (from: string, to: string) => cuts.some((cut) => cut.from === from && cut.to === to)
  return nodes.map((node) =>
    nodes.filter((other) => node === other || (!isCut(node, other) && !isCut(other, node))),
  )
}

describe('a partition', () => {
  const draw = (shape: (typeof partitionShapes)[number], seed = 1, first?: string, nodes = five) =>
    drawPartition(shape, nodes, new SeededRandom(seed), first)

  it('into halves leaves a majority on one side', () => {
    const parts = reached(five, draw('halves').cuts)
    expect(parts.map(({ length }) => length).sort()).toEqual([2, 2, 3, 3, 3])
  })

  it('puts the node that is asked for on the smaller side', () => {
    for (let seed = 0; seed < 20; seed++) {
      expect(draw('isolate-one', seed, '4').described).toBe('4 | 1,2,3,5')
      expect(draw('halves', seed, '4').described).toMatch(/^(\d,4|4,\d) \|/)
    }
  })

  it('of a third is away from the rest', () => {
    const nodes = ['1', '2', '3', '4', '5', '6', '7']
    const parts = reached(nodes, draw('minority-third', 1, undefined, nodes).cuts)
    expect(parts.map(({ length }) => length).sort()).toEqual([2, 2, 5, 5, 5, 5, 5])
  })

  it('as a ring leaves a majority to every node, and to no two the same', () => {
    const parts = reached(five, draw('majority-ring').cuts)
    expect(parts.map(({ length }) => length)).toEqual([3, 3, 3, 3, 3])
    expect(new Set(parts.map(String)).size).toBe(5)
  })

  it('with a bridge leaves one node that reaches all', () => {
    const parts = reached(five, draw('bridge').cuts)
    expect(parts.map(({ length }) => length).sort()).toEqual([3, 3, 3, 3, 5])
  })

  it('one way lets the smaller side send and not hear, or hear and not send', () => {
    const drawn = Array.from({ length: 20 }, (_, seed) => draw('one-way', seed, '2'))
    for (const { cuts, described } of drawn) {
      const [heard, hearing] = described.split(' → ').map((part) => part.split(',')) as [string[], string[]]
      expect(cuts).toEqual(
        expect.arrayContaining(hearing.flatMap((from) => heard.map((to) => ({ from, to })))),
      )
      expect(cuts).toHaveLength(6)
    }
    const isHeard = drawn.map(({ described }) => /2.* →/.test(described))
    expect(new Set(isHeard)).toEqual(new Set([true, false]))
  })

  it('of one node or two is still something that can be done', () => {
    for (const shape of partitionShapes) {
      expect(draw(shape, 1, undefined, ['1']).cuts).toEqual([])
      expect(() => draw(shape, 1, undefined, ['1', '2'])).not.toThrow()
    }
  })

  it('is the same for the same seed', () => {
    for (const shape of partitionShapes) expect(draw(shape, 7)).toEqual(draw(shape, 7))
  })
})
