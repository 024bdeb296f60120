import type { KeyValueStore } from '../../../ports/key-value/key-value-store.ts'
import type { Runtime } from '../../../runtime/runtime.ts'
import type { ClusterUnderTest } from '../../chaos/nemesis/cluster-under-test.ts'
import type { RecordedHistory } from '../../verify/history/recorded-history.ts'
import type { CheckResult } from '../../verify/verdict/verdict.ts'
import type { Workload } from '../workload.ts'
import { type RunOptions, runPlan, type TestHooks, type TestRun } from './run-plan.ts'

export interface TestOptions extends RunOptions {
  readonly workload: Workload
  /** Of the rows of this run. */
  readonly prefix: string
  /** Instead of the workload's own check in this thread: the same check somewhere else. */
  readonly check?: (history: RecordedHistory) => Promise<CheckResult>
}

export interface TestSubject {
  readonly cluster: ClusterUnderTest
  /** The store that a worker uses. */
  readonly storeOf: (worker: number) => KeyValueStore
}

/**
 * One test of a store by a workload, from its preparation to its verdict: see `runPlan`.
 *
 * ```ts
 * const { verdict, summary } = await runTest(runtime, { cluster, storeOf: () => store }, { workload: bank, … })
 * ```
 */
export function runTest(
  runtime: Runtime,
  { cluster, storeOf }: TestSubject,
  options: TestOptions,
  hooks: TestHooks = {},
): Promise<TestRun> {
  const plan = options.workload.plan({ workers: options.workers, prefix: options.prefix })
  const { load, finalReads, atLeast } = plan
  return runPlan(
    runtime,
    cluster,
    {
      load,
      ...(finalReads === undefined ? {} : { finalReads }),
      atLeast,
      prepare: async () => plan.prepare?.(storeOf(0), runtime),
      open: ({ worker, process }) => plan.open({ store: storeOf(worker), runtime, worker, process }),
      check: (history, budget) => options.check?.(history) ?? plan.check(history, budget),
    },
    options,
    hooks,
  )
}
