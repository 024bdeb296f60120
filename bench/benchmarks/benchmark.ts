/** What every benchmark is given. */
export interface Settings {
  /** Data directories go below it; it is removed at the end. */
  readonly directory: string
  /** The full lengths of the written goals, or short ones for a first look. */
  readonly mode: 'full' | 'normal' | 'quick'
  readonly contenders: readonly ('etcd' | 'dure')[]
  readonly inFlight: readonly number[]
  readonly operations: readonly ('put' | 'get')[]
  readonly rounds: number | undefined
  readonly seconds: number | undefined
  readonly etcdConnections: number
  /** Progress, for people: one line at a time. */
  readonly progress: (line: string) => void
}

/** What a benchmark found. */
export interface Report {
  readonly benchmark: string
  /** Plain data, for `--json`. */
  readonly data: unknown
  /** The same for people: Markdown. */
  readonly text: string
}

/** One benchmark; rejects with a `CannotRun` when something that it needs is missing. */
export type Benchmark = (settings: Settings) => Promise<Report>

/** Says what is missing and how to get it; the other benchmarks still run. */
export class CannotRun extends Error {
  override readonly name = 'CannotRun'
}
