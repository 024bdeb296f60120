/** One figure of a node at one moment. */
export interface Metric {
  /** `dure_` and words joined by `_`, the unit last; a counter ends in `_total`. */
  readonly name: string
  /** One sentence for the person who reads the graph. */
  readonly help: string
  /** A counter only grows while the process lives. */
  readonly kind: 'counter' | 'gauge'
  readonly value: number
  readonly labels?: Readonly<Record<string, string | number>>
}
