import type { DependencyKind } from '../graph/edge-kind.ts'

/** One transaction comes before another, and why. */
export interface CycleEdge {
  /** A transaction, by index. */
  readonly from: number
  readonly to: number
  readonly kind: DependencyKind
}

export const isRw = ({ kind }: CycleEdge): boolean => kind === 'rw' || kind === 'rw-predicate'
export const isVisible = ({ kind }: CycleEdge): boolean => kind === 'wr' || kind === 'process'

/** Every anti-dependency comes right after what its transaction must have seen: no prefix of the commits fits. */
export const isPrefixCycle = (edges: readonly CycleEdge[]): boolean =>
  edges.every((edge, at) => !isRw(edge) || isVisible(edges.at(at - 1)!))
