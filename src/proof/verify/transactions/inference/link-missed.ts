import { PASS, RW } from '../graph/edge-kind.ts'
import type { GraphBuilder } from '../graph/graph.ts'
import { isLive } from './list-append.ts'
import type { ListObservations } from './observe-lists.ts'

/** So many appends of others that a reader missed before its own are linked one by one. */
const DIRECT_EDGES_MAX = 256

/**
 * A read that misses an append misses all later ones too. Where one of those is visible to the reader, by what it read
 * or by its client, only an edge to it shows that: the way by the appends between would be taken for less.
 *
 * Among the members of components alone, where there are cycles at all. Of each key a chain of auxiliary nodes leads to
 * the appends from a place on, so that it is linear in size.
 */
export function linkMissed(graph: GraphBuilder, observed: ListObservations, isMember: Uint8Array): void {
  const { reads, appends, keys } = observed
  const readsOf: number[][] = keys.map(() => [])
  for (let read = 0; read < reads.list.length; read++) {
    if (reads.version[read]! >= 0 && isMember[reads.transaction[read]!] !== 0)
      readsOf[reads.key[read]!]!.push(read)
  }
  const unread: number[][] = keys.map(() => [])
  for (let append = 0; append < appends.element.length; append++) {
    if (appends.place[append]! < 0 && isMember[appends.transaction[append]!] !== 0)
      unread[appends.key[append]!]!.push(appends.transaction[append]!)
  }
  for (const [key, order] of keys.entries()) {
    if (readsOf[key]!.length === 0) continue
    const places: number[] = []
    const writers: number[] = []
    for (let place = 0; place < order.appends.length; place++) {
      const append = order.appends[place]!
      if (!isLive(observed, append) || isMember[appends.transaction[append]!] === 0) continue
      places.push(place)
      writers.push(appends.transaction[append]!)
    }
    if (order.isWhole) {
      for (const writer of unread[key]!) {
        if (observed.transactions[writer]!.outcome !== 'ok') continue
        places.push(order.appends.length)
        writers.push(writer)
      }
    }
    linkKey(graph, observed, readsOf[key]!, places, writers)
  }
}

function linkKey(
  graph: GraphBuilder,
  { reads }: ListObservations,
  readsOfKey: readonly number[],
  places: readonly number[],
  writers: readonly number[],
): void {
  const chain: number[] = []
  const lastOf = new Map(writers.map((writer, at) => [writer, at]))
  for (const read of readsOfKey) {
    const reader = reads.transaction[read]!
    const first = firstFrom(places, reads.version[read]!)
    if (first === writers.length) continue
    const own = lastOf.get(reader)
    if (own === undefined || own < first) {
      if (chain.length === 0) addChain(graph, writers, chain)
      graph.add(reader, chain[first]!, RW)
      continue
    }
    // What comes after its own append does so by write dependencies.
    for (let at = first; at < writers.length && at < first + DIRECT_EDGES_MAX; at++) {
      if (writers[at] === reader) break
      graph.add(reader, writers[at]!, RW)
    }
  }
}

function addChain(graph: GraphBuilder, writers: readonly number[], chain: number[]): void {
  for (const [at, writer] of writers.entries()) {
    const node = graph.addNode()
    graph.add(node, writer, PASS)
    if (at > 0) graph.add(chain[at - 1]!, node, PASS)
    chain.push(node)
  }
}

/** The first of the sorted places that is not before `place`. */
function firstFrom(places: readonly number[], place: number): number {
  let low = 0
  let high = places.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (places[middle]! < place) low = middle + 1
    else high = middle
  }
  return low
}
