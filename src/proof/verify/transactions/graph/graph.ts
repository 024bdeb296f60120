import { assert } from '../../../../foundation/assert.ts'

/** A directed graph in compressed rows: the edges of node `n` stand at `offsets[n]` to `offsets[n + 1]`. */
export interface Graph {
  readonly nodes: number
  readonly offsets: Int32Array
  readonly targets: Int32Array
  /** Of each edge, its kinds as bits. */
  readonly kinds: Uint8Array
}

/** Collects edges in any order; edges between the same nodes become one, with the kinds of all. */
export class GraphBuilder {
  #nodes: number
  #edges = 0
  #from: Int32Array
  #to: Int32Array
  #kinds: Uint8Array

  constructor(nodes: number, expectedEdges = 1024) {
    this.#nodes = nodes
    this.#from = new Int32Array(expectedEdges)
    this.#to = new Int32Array(expectedEdges)
    this.#kinds = new Uint8Array(expectedEdges)
  }

  get nodes(): number {
    return this.#nodes
  }

  /** What the graph will hold, in bytes, while it is built. */
  get memoryBytes(): number {
    return this.#from.length * 9 + this.#edges * 5 + this.#nodes * 8
  }

  addNode(): number {
    return this.#nodes++
  }

  add(from: number, to: number, kind: number): void {
    const edge = this.#edges++
    if (edge === this.#from.length) this.#grow()
    this.#from[edge] = from
    this.#to[edge] = to
    this.#kinds[edge] = kind
  }

  build(): Graph {
    const nodes = this.#nodes
    const edges = this.#edges
    const offsets = new Int32Array(nodes + 1)
    for (let edge = 0; edge < edges; edge++) offsets[this.#from[edge]! + 1]!++
    for (let node = 0; node < nodes; node++) offsets[node + 1]! += offsets[node]!
    const targets = new Int32Array(edges)
    const kinds = new Uint8Array(edges)
    const places = offsets.slice(0, nodes)
    for (let edge = 0; edge < edges; edge++) {
      const place = places[this.#from[edge]!]!++
      targets[place] = this.#to[edge]!
      kinds[place] = this.#kinds[edge]!
    }
    return mergeParallel({ nodes, offsets, targets, kinds })
  }

  #grow(): void {
    const length = Math.max(1024, this.#from.length * 2)
    assert(length < 2 ** 30, 'the edges of a graph can be numbered')
    this.#from = enlarged(this.#from, new Int32Array(length))
    this.#to = enlarged(this.#to, new Int32Array(length))
    this.#kinds = enlarged(this.#kinds, new Uint8Array(length))
  }
}

/** In place: the rows only get shorter. */
function mergeParallel({ nodes, offsets, targets, kinds }: Graph): Graph {
  /** Where the edge to a node stands in the current row; older rows stand before it. */
  const placeOf = new Int32Array(nodes).fill(-1)
  let write = 0
  let start = 0
  for (let node = 0; node < nodes; node++) {
    const end = offsets[node + 1]!
    const row = write
    for (let read = start; read < end; read++) {
      const target = targets[read]!
      const place = placeOf[target]!
      if (place >= row) {
        kinds[place]! |= kinds[read]!
        continue
      }
      placeOf[target] = write
      targets[write] = target
      kinds[write] = kinds[read]!
      write++
    }
    start = end
    offsets[node + 1] = write
  }
  return { nodes, offsets, targets: targets.subarray(0, write), kinds: kinds.subarray(0, write) }
}

function enlarged<Numbers extends Int32Array | Uint8Array>(from: Numbers, to: Numbers): Numbers {
  to.set(from)
  return to
}
