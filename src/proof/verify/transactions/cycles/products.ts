import { ANY_RW, PASS, PROCESS, REAL_TIME, WR, WW } from '../graph/edge-kind.ts'
import { type Graph, GraphBuilder } from '../graph/graph.ts'

/**
 * Graphs of twice the nodes, whose second half stands for the same nodes reached in another way. A cycle in one of them
 * is a cycle of a class in the graph itself, so that finding components decides the class in linear time.
 */

/**
 * Cycles whose anti-dependencies are not adjacent: a node of the second half was reached by one, and none leads on from
 * it. Snapshot isolation forbids just these (Cerone and Gotsman, "Analysing Snapshot Isolation", PODC 2016). Why: a
 * transaction takes its snapshot at a time s and commits at c > s. An edge of any other kind says that the first's c is
 * before the second's s; `rw` says that the first's s is before the second's c. So another edge with `rw` after it leads
 * from c to c, as another edge alone does, and a cycle of those would have a time before itself.
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
 * by one of those. Prefix consistency forbids just these: as above, but that `ww` only says c before c, because commits
 * are not refused for what came in between. (Tests hold both against every order there is.)
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
