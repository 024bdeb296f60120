/**
 * Kinds of dependencies between transactions as bits, so that one edge can be several (Adya 1999, chapter 3):
 *
 * - `WW`: the second replaced a version of the first. `WR`: the second read a version of the first.
 * - `RW`: the first read a version that the second replaced; `RW_PREDICATE`: it read by a predicate.
 * - `PROCESS`: one client called the second after the first. `REAL_TIME`: the first returned before the second's call.
 * - `PASS`: goes on with the dependency that led to an auxiliary node, which is no transaction.
 */
export const WW = 1
export const WR = 2
export const RW = 4
export const RW_PREDICATE = 8
export const PROCESS = 16
export const REAL_TIME = 32
export const PASS = 64

export const ANY_RW = RW | RW_PREDICATE

export type DependencyKind = 'ww' | 'wr' | 'rw' | 'rw-predicate' | 'process' | 'realtime'

const names: readonly (readonly [bit: number, name: DependencyKind])[] = [
  // The one that says most comes first: it is taken where an edge is of several kinds.
  [WW, 'ww'],
  [WR, 'wr'],
  [PROCESS, 'process'],
  [REAL_TIME, 'realtime'],
  [RW, 'rw'],
  [RW_PREDICATE, 'rw-predicate'],
]

/** The kind that an edge of these bits is shown as. */
export function dependencyKind(bits: number): DependencyKind {
  return names.find(([bit]) => (bits & bit) !== 0)?.[1] ?? 'realtime'
}
