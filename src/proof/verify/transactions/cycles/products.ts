import { ANY_RW, PASS, PROCESS, REAL_TIME, WR, WW } from '../graph/edge-kind.ts'
import { type Graph, GraphBuilder } from '../graph/graph.ts'

/**
 * Graphs of twice the nodes, whose second half stands for the same nodes reached in another way. A cycle in one of them
 * is a cycle of a class in the graph itself, so that finding components decides the class in linear time.
 */

/**
 * Cycles whose anti-dependencies are not adjacent: a node of the second half was reached by one, and none leads on from
 * it. Such cycles are what snapshot isolation forbids (Cerone and Gotsman 2016, "Analysing Snapshot Isolation", theorem
 * 9): after `rw` the reader's snapshot is older than the write, and only `ww`, `wr` and orders end at a snapshot.
 */
export function nonadjacentProduct(graph: Graph): Graph {
  return product(graph, (add, from, to, kinds, half) => {
    const others = kinds & (WW | WR | PROCESS | REAL_TIME)
    if (others !== 0) add(from, to, others, 0)
    if (half === 0 && (kinds & ANY_RW) !== 0) add(from, to, kinds & ANY_RW, 1)
  })
}

/**
 * Cycles whose anti-dependencies each come right after a read dependency or order: a node of the second half was reached
 * by one of those. They are what prefix consistency forbids: snapshots need not be newest, but commits have one order.
 */
export function prefixProduct(graph: Graph): Graph {
  return product(graph, (add, from, to, kinds, half) => {
    const visible = kinds & (WR | PROCESS | REAL_TIME)
    if (visible !== 0) add(from, to, visible, 1)
    if ((kinds & WW) !== 0) add(from, to, WW, 0)
    if (half === 1 && (kinds & ANY_RW) !== 0) add(from, to, kinds & ANY_RW, 0)
  })
}

type Half = 0 | 1
type AddEdge = (from: number, to: number, kinds: number, half: Half) => void

function product(
  { nodes, offsets, targets, kinds }: Graph,
  lift: (add: AddEdge, from: number, to: number, kinds: number, half: Half) => void,
): Graph {
  const builder = new GraphBuilder(nodes * 2, targets.length * 2)
  for (const half of [0, 1] as const) {
    const base = half * nodes
    const add: AddEdge = (from, to, kind, toHalf) => builder.add(base + from, toHalf * nodes + to, kind)
    for (let from = 0; from < nodes; from++) {
      for (let edge = offsets[from]!; edge < offsets[from + 1]!; edge++) {
        const to = targets[edge]!
        lift(add, from, to, kinds[edge]!, half)
        if ((kinds[edge]! & PASS) !== 0) add(from, to, PASS, half)
      }
    }
  }
  return builder.build()
}
