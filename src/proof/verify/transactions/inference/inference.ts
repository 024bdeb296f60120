import type { HistoryValue } from '../../history/event.ts'
import type { DependencyKind } from '../graph/edge-kind.ts'
import type { GraphBuilder } from '../graph/graph.ts'
import type { Findings } from './findings.ts'

/** What can be told of the dependencies between the transactions of a history. */
export interface Inference {
  /** Nodes are the transactions by index, auxiliary nodes after them. */
  readonly graph: GraphBuilder
  readonly findings: Findings
  /** Adds what follows by transitivity between transactions that are in cycles, where that makes them say more. */
  readonly linkMissed?: (isMember: Uint8Array) => void
  /** Why there is an edge of this kind. */
  reasonFor(from: number, to: number, kind: DependencyKind): Reason | undefined
}

/** What an edge was inferred from. */
export interface Reason {
  /** The key that both transactions touched. */
  readonly key: HistoryValue
  /** What the first wrote, or read; undefined where the key was not written yet. */
  readonly before: HistoryValue | undefined
  /** What the second wrote, or read. */
  readonly after: HistoryValue
  /** A clause that completes `T1 < T2, because …`, with the names of both put in. */
  explain(from: string, to: string): string
  /** The same in a few words, for the drawing. */
  readonly label: string
}
