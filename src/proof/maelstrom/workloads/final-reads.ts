import { eachWorker } from '../../workloads/generator/combinators.ts'
import { call, done, type Generator } from '../../workloads/generator/generator.ts'

const ATTEMPTS_MAX = 5

/**
 * The reads at the end of a run: each worker reads until it is answered. With a worker for each node, each node is read.
 *
 * ```ts
 * const final = new FinalReads(nodes)
 * const plan = { finalReads: final.generator, unfinished: () => final.unfinished, … }
 * ```
 */
export class FinalReads {
  readonly #nodes: readonly string[]
  readonly #answered = new Set<string>()
  #hasBegun = false

  constructor(nodes: readonly string[]) {
    this.#nodes = nodes
  }

  /** A read of this node was answered. */
  answered(node: string): void {
    if (this.#hasBegun) this.#answered.add(node)
  }

  readonly generator: Generator = eachWorker((worker) => {
    const node = this.#nodes[worker % this.#nodes.length]!
    let attempts = 0
    return {
      next: () => {
        this.#hasBegun = true
        return attempts++ === ATTEMPTS_MAX || this.#answered.has(node)
          ? done
          : call({ f: 'read', value: null })
      },
    }
  })

  /** A node that did not answer at the end says nothing of what it has: who they are, in a sentence. */
  get unfinished(): string | undefined {
    const silent = this.#nodes.filter((node) => !this.#answered.has(node))
    if (!this.#hasBegun || silent.length === 0) return undefined
    return `What ${silent.join(', ')} had in the end is not known: no final read of it was answered.`
  }
}
