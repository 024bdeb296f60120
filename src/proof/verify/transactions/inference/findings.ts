import type { DirectAnomaly } from '../consistency/anomaly-name.ts'

/** An anomaly that was seen without a cycle. */
export interface Finding {
  readonly name: DirectAnomaly
  /** The transactions that take part, by index. */
  readonly transactions: readonly number[]
  readonly explanation: string
}

/** Counts all findings and keeps the first few of each name: a broken store shows the same one thousands of times. */
export class Findings {
  readonly #examplesMax: number
  readonly #counts = new Map<DirectAnomaly, number>()
  readonly kept: Finding[] = []

  constructor(examplesMax: number) {
    this.#examplesMax = examplesMax
  }

  get counts(): ReadonlyMap<DirectAnomaly, number> {
    return this.#counts
  }

  /** Whether one more of this name would be kept: others need no explanation. */
  isShown(name: DirectAnomaly): boolean {
    return (this.#counts.get(name) ?? 0) < this.#examplesMax
  }

  add(name: DirectAnomaly, transactions: readonly number[], explain: () => string): void {
    const count = (this.#counts.get(name) ?? 0) + 1
    this.#counts.set(name, count)
    if (count <= this.#examplesMax) this.kept.push({ name, transactions, explanation: explain() })
  }
}
