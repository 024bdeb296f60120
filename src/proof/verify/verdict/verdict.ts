/**
 * What every checker answers:
 *
 * - `valid`: nothing that was recorded contradicts the claim.
 * - `invalid`: a correct system cannot have produced this history; the anomalies say why.
 * - `unknown`: the budget was spent first. Never a quiet "valid".
 */
export type Verdict = 'valid' | 'invalid' | 'unknown'

/** The base of every checker's answer; each adds its own. */
export interface CheckResult {
  readonly verdict: Verdict
  /** One sentence for a person: `The register's history is not linearizable: 2 operations cannot be ordered.` */
  readonly summary: string
  /** What is wrong, the most telling first; empty unless `invalid`. */
  readonly anomalies: readonly Anomaly[]
  readonly spent: Spent
}

/** One thing that a correct system would not have done. */
export interface Anomaly {
  /** Its name in the field, in kebab case: `lost-update`, `G-single`, `stale-read`. */
  readonly name: string
  /** Why it is one, in sentences, naming operations by their index. */
  readonly explanation: string
  /** A picture in text, where one helps. */
  readonly drawing?: string
  /** The `index` of each event that takes part (of a call where both are there). */
  readonly events: readonly number[]
}

export interface Spent {
  /** Units of work, each bounded in time; what one is, the checker says. */
  readonly steps: number
  /** The most memory that the checker's own structures held, as it estimates it. */
  readonly memoryBytes: number
}
