import type { FaultKind } from '../../chaos/nemesis/cluster-under-test.ts'
import type { RecordedHistory } from '../../verify/history/recorded-history.ts'
import type { ConsistencyModel } from '../../verify/transactions/consistency/consistency-model.ts'
import type { Anomaly, Spent, Verdict } from '../../verify/verdict/verdict.ts'

/**
 * All that is known of one run: what `store/` keeps of it, and what its report shows.
 *
 * ```ts
 * const record: TestRecord = { setup, results, history }
 * ```
 *
 * `setup` and `results` are plain JSON, `test.json` and `results.json` in a run's directory; the history is
 * `history.jsonl` beside them. Times of the history and of faults count from the beginning of the run.
 */
export interface TestRecord {
  readonly setup: TestSetup
  readonly results: TestResults
  /** Faults are in it too, as events of the process `nemesis`: see `faultSpans`. */
  readonly history: RecordedHistory
}

/** What was to be done: known before it begins. */
export interface TestSetup {
  /** Of the run: `bank-embedded` unless a person chose another. */
  readonly name: string
  readonly workload: { readonly name: string; readonly description: string }
  /** What was tested: `embedded`, `etcd`, `simulated`, a program of Maelstrom. */
  readonly engine: string
  /** Of Dure. */
  readonly version: string
  /** In UTC: `2026-11-20T16:55:00.000Z`. Absent of what runs on virtual time. */
  readonly startedAt?: string
  readonly nodes: readonly string[]
  /** Of the load and of the faults. */
  readonly seed?: number
  readonly faultKinds: readonly FaultKind[]
  /** What else was chosen, for a person: `{ rate: '50 calls a second', concurrency: 10 }`. */
  readonly options: Readonly<Record<string, string | number | boolean>>
  /** A line to paste that does it again. */
  readonly replayCommand: string
  /** A line to paste that judges the recorded history again. */
  readonly checkCommand?: string
  /** Of programs that speak Maelstrom's protocol: what they are held against. */
  readonly maelstrom?: {
    readonly consistencyModels: readonly ConsistencyModel[]
    /** The part of the calls that must be acknowledged. */
    readonly availability?: number
  }
}

/** What came of it. */
export interface TestResults {
  readonly verdict: Verdict
  /** Why, in a sentence or some. */
  readonly summary: string
  /** What is wrong, the most telling first; empty unless `invalid`. */
  readonly anomalies: readonly Anomaly[]
  /** By the checker. */
  readonly spent: Spent
  /** Ended by a person, and judged by what was seen until then. */
  readonly isInterrupted: boolean
  /** Why the run does not say what is there in the end, in a sentence; absent of one that does. */
  readonly unfinished?: string
  /** Index of the first event of the final reads; absent where there were none. */
  readonly finalFrom?: number
  /** What happened and nobody did, such as nodes that ended by themselves; part of the summary, too. */
  readonly surprises?: readonly string[]
  /** From the first call to the last answer. */
  readonly durationMs: number
  /** Calls by function. */
  readonly calls: Readonly<Record<string, CallStatistics>>
  /** Faults that struck, by kind. */
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>
  /** In the order of their beginning. */
  readonly faultSpans: readonly FaultSpan[]
  /** Files beside it that a person may want to open: logs of the nodes. */
  readonly files: readonly string[]
}

export interface CallStatistics {
  /** Answered with `ok`. */
  readonly acknowledged: number
  /** Certainly did not happen. */
  readonly failed: number
  /** Of unknown outcome. */
  readonly unknown: number
  /** Of acknowledged calls; absent when there were none. */
  readonly latencyMs?: { readonly median: number; readonly p99: number; readonly greatest: number }
}

/** One fault from its beginning to its end. */
export interface FaultSpan {
  readonly kind: FaultKind
  /** For a person: `3`, `halves 1,2 | 3,4,5`. */
  readonly described: string
  readonly beginMs: number
  /** Absent when the run ended before it did. */
  readonly endMs?: number
  /** Why it, or its undoing, did not go as it should. */
  readonly error?: string
}
