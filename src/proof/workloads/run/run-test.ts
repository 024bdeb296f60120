import { DureError } from '../../../foundation/errors.ts'
import type { KeyValueStore } from '../../../ports/key-value/key-value-store.ts'
import type { Random } from '../../../runtime/random.ts'
import type { Runtime } from '../../../runtime/runtime.ts'
import type { ClusterUnderTest, FaultKind } from '../../chaos/nemesis/cluster-under-test.ts'
import { type FaultNote, Nemesis } from '../../chaos/nemesis/nemesis.ts'
import type { HistoryEvent } from '../../verify/history/event.ts'
import type { RecordedHistory } from '../../verify/history/recorded-history.ts'
import type { Budget } from '../../verify/verdict/budget.ts'
import type { CheckResult, Verdict } from '../../verify/verdict/verdict.ts'
import { limit, stagger, timeLimit } from '../generator/combinators.ts'
import { PREPARE_TIMEOUT_MS, type Workload } from '../workload.ts'
import { EventLog } from './event-log.ts'
import { Load } from './load.ts'

export interface TestOptions {
  readonly workload: Workload
  readonly workers: number
  /** Calls a second, of all workers together. */
  readonly ratePerSecond: number
  /** Of the load; preparation and final reads come on top. */
  readonly timeLimitMs: number
  /** Ends the load early. */
  readonly callsMax?: number
  /** Of one call. */
  readonly timeoutMs: number
  /** None unless said. */
  readonly faults?: {
    readonly kinds: readonly FaultKind[]
    readonly everyMs: number
    readonly forMs: number
    readonly random: Random
  }
  /** Of the rows of this run. */
  readonly prefix: string
  readonly budget?: Budget
}

export interface TestSubject {
  readonly cluster: ClusterUnderTest
  /** The store that a worker uses. */
  readonly storeOf: (worker: number) => KeyValueStore
}

export interface TestHooks {
  readonly onEvent?: (event: HistoryEvent) => void
  readonly onPhase?: (phase: TestPhase) => void
  /** Ends the load at once; what was done to the cluster is undone, and what was seen is judged. */
  readonly signal?: AbortSignal
}

export type TestPhase = 'prepare' | 'load' | 'heal' | 'final reads' | 'check' | 'done'

export interface TestRun {
  readonly verdict: Verdict
  /** Why, in a sentence or some. */
  readonly summary: string
  readonly history: RecordedHistory
  /** What the checker said; the verdict may be weaker, when too little was done to be a pass. */
  readonly result: CheckResult
  /** By function. */
  readonly acknowledged: ReadonlyMap<string, number>
  /** Faults that struck, by kind. */
  readonly faults: ReadonlyMap<FaultKind, number>
}

/** For what must succeed once all is mended. */
const SETTLE_MS_MAX = 60_000
const RETRY_MS = 200

/**
 * One test of a store from its preparation to its verdict: load and faults at once, then everything is mended, what is
 * there in the end is read, and the history is judged.
 *
 * ```ts
 * const { verdict, summary } = await runTest(runtime, { cluster, storeOf: () => store }, { workload: bank, … })
 * ```
 *
 * Fewer acknowledged calls than the workload asks for, or a kind of fault that never struck, make a valid history
 * `unknown`: nothing was shown.
 */
export async function runTest(
  runtime: Runtime,
  { cluster, storeOf }: TestSubject,
  options: TestOptions,
  { onEvent, onPhase, signal }: TestHooks = {},
): Promise<TestRun> {
  const { workload, workers, timeoutMs, faults: plan } = options
  const log = new EventLog(() => runtime.clock.monotonicMs(), onEvent)
  const faults = new Map<FaultKind, number>()
  const prepared = workload.plan({ workers, prefix: options.prefix })
  const load = new Load(runtime, prepared, log, { workers, timeoutMs, storeOf })
  const stop = (): void => load.stop()

  onPhase?.('prepare')
  await untilDone(runtime, async () => prepared.prepare?.(storeOf(0), runtime))
  const nemesis =
    plan === undefined
      ? undefined
      : new Nemesis(runtime, cluster, { ...plan, onFault: (note) => noteFault(log, faults, note) })
  onPhase?.('load')
  signal?.addEventListener('abort', stop, { once: true })
  const isOver = nemesis?.run()
  // Heard at once; told when the cluster is to be mended.
  isOver?.catch(() => {})
  try {
    if (signal?.aborted !== true) await load.run(limited(options, prepared.load))
  } finally {
    onPhase?.('heal')
    nemesis?.stop()
    await isOver
  }
  signal?.removeEventListener('abort', stop)
  onPhase?.('final reads')
  if (prepared.finalReads !== undefined) await load.run(timeLimit(SETTLE_MS_MAX, prepared.finalReads))
  await load.close()
  onPhase?.('check')
  const result = prepared.check(log.history, options.budget)
  const missing = shortOf(prepared.atLeast, log.acknowledged, plan?.kinds ?? [], faults)
  onPhase?.('done')
  return {
    verdict: result.verdict === 'valid' && missing !== undefined ? 'unknown' : result.verdict,
    summary: missing === undefined || result.verdict !== 'valid' ? result.summary : missing,
    history: log.history,
    result,
    acknowledged: log.acknowledged,
    faults,
  }
}

function limited(
  { ratePerSecond, timeLimitMs, callsMax = Number.POSITIVE_INFINITY }: TestOptions,
  load: Parameters<typeof timeLimit>[1],
) {
  return timeLimit(timeLimitMs, limit(callsMax, stagger(1_000 / ratePerSecond, load)))
}

function noteFault(log: EventLog, faults: Map<FaultKind, number>, note: FaultNote): void {
  const { kind, phase, described, error } = note
  if (phase === 'begin' && error === undefined) faults.set(kind, (faults.get(kind) ?? 0) + 1)
  log.add({
    process: 'nemesis',
    type: 'info',
    f: `${phase}-${kind}`,
    value: described,
    ...(error === undefined ? {} : { error }),
  })
}

/** What was done too little of for a pass, in a sentence. */
function shortOf(
  atLeast: Readonly<Record<string, number>>,
  acknowledged: ReadonlyMap<string, number>,
  kinds: readonly FaultKind[],
  faults: ReadonlyMap<FaultKind, number>,
): string | undefined {
  const few = Object.entries(atLeast).flatMap(([f, count]) => {
    const found = acknowledged.get(f) ?? 0
    return found < count ? [`${found} of ${f}, and ${count} are needed`] : []
  })
  const absent = kinds.filter((kind) => !faults.has(kind))
  if (few.length > 0) return `Too few calls were acknowledged to show anything: ${few.join('; ')}.`
  if (absent.length > 0) return `No fault of this kind struck: ${absent.join(', ')}. Give it more time.`
  return undefined
}

async function untilDone(runtime: Runtime, attempt: () => Promise<void>): Promise<void> {
  const deadlineMs = runtime.clock.monotonicMs() + SETTLE_MS_MAX
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof DureError) || runtime.clock.monotonicMs() + PREPARE_TIMEOUT_MS > deadlineMs)
        throw error
    }
    await new Promise<void>((resolve) => {
      runtime.timer(RETRY_MS, resolve)
    })
  }
}
