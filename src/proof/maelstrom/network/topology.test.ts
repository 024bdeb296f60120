import { describe, expect, it } from 'vitest'
import { topologyOf } from './topology.ts'

const nodes = (count: number) => Array.from({ length: count }, (_, i) => `n${i + 1}`)

describe('a topology', () => {
  it('is a grid', () => {
    expect(topologyOf('grid', nodes(5))).toEqual({
      n1: ['n2', 'n4'],
      n2: ['n1', 'n3', 'n5'],
      n3: ['n2'],
      n4: ['n1', 'n5'],
      n5: ['n2', 'n4'],
    })
  })

  it('is a line, or everybody beside everybody', () => {
    expect(topologyOf('line', nodes(3))).toEqual({ n1: ['n2'], n2: ['n1', 'n3'], n3: ['n2'] })
    expect(topologyOf('total', nodes(3))).toEqual({ n1: ['n2', 'n3'], n2: ['n1', 'n3'], n3: ['n1', 'n2'] })
  })

  it('is a tree with so many children', () => {
    expect(topologyOf('tree', nodes(4))).toEqual({
      n1: ['n2', 'n3'],
      n2: ['n1', 'n4'],
      n3: ['n1'],
      n4: ['n2'],
    })
    expect(topologyOf('tree3', nodes(5)).n1).toEqual(['n2', 'n3', 'n4'])
  })

  it('is refused by another name', () => {
    expect(() => topologyOf('ring', nodes(3))).toThrow(/"ring": use grid, line/)
    expect(() => topologyOf('tree0', nodes(3))).toThrow(/"tree0"/)
  })

  it('is of one node too', () => {
    expect(topologyOf('grid', ['n1'])).toEqual({ n1: [] })
  })
})
