import { InferredEdges, OVERWRITTEN } from '../graph/inferred-edges.ts'
import type { IsolationHistory } from '../history/isolation-history.ts'

/** A read of the initial state by a transaction that must have seen a later write to the same key. */
export interface StaleInitialRead {
  readonly reader: number
  readonly key: number
  /** What it must have seen. */
  readonly overwriter: number
}

/** What a level asks of every commit order, beside the order of sessions and of reads after their writes. */
export class CommitConstraints {
  readonly edges = new InferredEdges()
  /** The first reason for which there is no order at all: nothing commits before the initial state. */
  staleInitialRead: StaleInitialRead | undefined = undefined
  /** Operations and pairs that were looked at. */
  steps = 0
  /** The most that the inference held, without the history and the edges. */
  memoryBytes = 0
  readonly #initial: number

  constructor(history: IsolationHistory) {
    this.#initial = history.initial
  }

  /** `reader` read `key` from `writer` although it saw `overwriter`, which writes `key` too. */
  overwritten(overwriter: number, writer: number, reader: number, key: number): void {
    if (writer === this.#initial) this.staleInitialRead ??= { reader, key, overwriter }
    else this.edges.add(overwriter, writer, OVERWRITTEN, reader, key)
  }
}
