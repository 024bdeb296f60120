import type { Invariant } from '../invariants/invariant.ts'

/** What clients do to the cluster of a seed, and how what they saw is judged. */
export interface SeedLoad {
  /** What of it must be told of every event. */
  readonly invariants: readonly Invariant[]
  /** Calls that were made. */
  readonly calls: number
  /** Calls that were answered. */
  readonly answered: number
  /** Those that must get answers again once all is mended. */
  readonly clients: readonly LoadClient[]
  start(addresses: readonly string[]): void
  /** No further calls; what is there in the end is read. */
  end(): void
  /** How long that may take, with all mended. */
  readonly endWithinMs: number
  /** After `end`: all calls have come to their end, and all was read. */
  readonly isOver: boolean
  /** After that: what is wrong with what clients saw. */
  judge(): LoadVerdict
}

export interface LoadClient {
  readonly name: string
  /** Calls that ended with an answer. */
  readonly completed: number
}

export type LoadVerdict =
  | { readonly verdict: 'valid' }
  | { readonly verdict: 'unknown'; readonly summary: string }
  | { readonly verdict: 'invalid'; readonly broken: string; readonly summary: string }
