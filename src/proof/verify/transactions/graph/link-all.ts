import { PASS } from './edge-kind.ts'
import type { GraphBuilder } from './graph.ts'

/** As many edges one by one are no worse than auxiliary nodes, and cycles over them are found faster. */
const DIRECT_EDGES_MAX = 1024

/**
 * An edge from each of `sources` to each of `targets` but itself. Many of them become linear in size: two chains of
 * auxiliary nodes over the targets, one leading to all from a place on, one to all up to a place, so that a source that
 * is a target too enters both beside its own place.
 */
export function linkAll(
  graph: GraphBuilder,
  sources: readonly number[],
  targets: readonly number[],
  kind: number,
): void {
  if (sources.length * targets.length <= DIRECT_EDGES_MAX) {
    for (const source of sources) {
      for (const target of targets) if (source !== target) graph.add(source, target, kind)
    }
    return
  }
  const placeOf = new Map<number, number>()
  const onward: number[] = []
  const backward: number[] = []
  for (const [place, target] of targets.entries()) {
    placeOf.set(target, place)
    const forth = graph.addNode()
    const back = graph.addNode()
    graph.add(forth, target, PASS)
    graph.add(back, target, PASS)
    if (place > 0) {
      graph.add(onward[place - 1]!, forth, PASS)
      graph.add(back, backward[place - 1]!, PASS)
    }
    onward.push(forth)
    backward.push(back)
  }
  for (const source of sources) {
    const place = placeOf.get(source)
    if (place === undefined) graph.add(source, onward[0]!, kind)
    else {
      if (place + 1 < targets.length) graph.add(source, onward[place + 1]!, kind)
      if (place > 0) graph.add(source, backward[place - 1]!, kind)
    }
  }
}
