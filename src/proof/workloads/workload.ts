import type { KeyValueStore } from '../../ports/key-value/key-value-store.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import type { HistoryValue } from '../verify/history/event.ts'
import type { RecordedHistory } from '../verify/history/recorded-history.ts'
import type { Budget } from '../verify/verdict/budget.ts'
import type { CheckResult } from '../verify/verdict/verdict.ts'
import type { Generator, Request } from './generator/generator.ts'

/**
 * A load, the clients that put it on a store, and the check that judges what they saw.
 *
 * ```ts
 * const plan = workloads.bank.plan({ workers: 10, rate: 100 })
 * ```
 *
 * A workload knows the port and nothing of engines, so the same one runs simulated, on real processes and on what
 * others run. It keeps its rows under `prefix`, so that two runs on one store do not meet.
 */
export interface Workload {
  readonly name: string
  /** One line: what it does, and what it would find. */
  readonly description: string
  /** Made for one run. */
  plan(options: WorkloadOptions): WorkloadPlan
}

export interface WorkloadOptions {
  /** Workers, each making one call at a time. */
  readonly workers: number
  /** Of its rows; ends in `/`. */
  readonly prefix: string
}

export interface WorkloadPlan {
  /** Without end: the run limits its rate, its time and its number of calls. */
  readonly load: Generator
  /** After all is mended: what is there in the end. */
  readonly finalReads?: Generator
  /** Before the load, once, until it succeeds: accounts that must be there. */
  prepare?(store: KeyValueStore, runtime: Runtime): Promise<void>
  /** The client of one worker. After an unknown outcome the worker goes on with another, under another process number. */
  open(worker: WorkerContext): WorkloadClient
  check(history: RecordedHistory, budget?: Budget): CheckResult
  /** Acknowledged calls by function; a run with fewer has shown nothing, and is `unknown`. */
  readonly atLeast: Readonly<Record<string, number>>
}

export interface WorkerContext {
  readonly store: KeyValueStore
  readonly runtime: Runtime
  readonly worker: number
  /** Unique in the run. */
  readonly process: number
}

export interface WorkloadClient {
  /** A `DureError` that it throws ends the call by its outcome; any other error leaves it unknown. */
  invoke(request: Request, options: InvokeOptions): Promise<Answer>
  /** Ends what it holds beyond its calls: watches, leases. */
  close?(): Promise<void>
}

export interface InvokeOptions {
  readonly timeoutMs: number
}

export type Answer =
  | { readonly type: 'ok'; readonly value: HistoryValue }
  /** It certainly did not happen, as a comparison that failed did not. */
  | { readonly type: 'fail'; readonly value?: HistoryValue; readonly error?: HistoryValue }
  /** It may have happened, or may happen yet. */
  | { readonly type: 'info'; readonly value?: HistoryValue; readonly error?: HistoryValue }

/** Of one attempt to prepare a run; there may be many. */
export const PREPARE_TIMEOUT_MS = 5_000
