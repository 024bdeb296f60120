import { DureError } from '../../../foundation/errors.ts'
import type { Random } from '../../../runtime/random.ts'
import type { Runtime } from '../../../runtime/runtime.ts'
import type { ClusterUnderTest, FaultKind } from '../../chaos/nemesis/cluster-under-test.ts'
import { type FaultNote, Nemesis } from '../../chaos/nemesis/nemesis.ts'
import type { HistoryEvent } from '../../verify/history/event.ts'
import type { RecordedHistory } from '../../verify/history/recorded-history.ts'
import type { Budget } from '../../verify/verdict/budget.ts'
import type { CheckResult, Verdict } from '../../verify/verdict/verdict.ts'
import { limit, stagger, timeLimit } from '../generator/combinators.ts'
import type { Generator } from '../generator/generator.ts'
import { PREPARE_TIMEOUT_MS, type WorkloadClient, type WorkloadPlan } from '../workload.ts'
import { EventLog } from './event-log.ts'
import { Load, type LoadWorker } from './load.ts'

/** A plan whose clients know whom to call: of a store, or of anything else. */
export interface RunPlan extends Pick<WorkloadPlan, 'load' | 'finalReads' | 'atLeast'> {
  /** Before the load, once, until it succeeds. */
  prepare?(): Promise<void>
  open(worker: LoadWorker): WorkloadClient
  /** `finalFrom`: index of the first event of the final reads; undefined when there were none. */
  check(history: RecordedHistory, budget?: Budget, finalFrom?: number): CheckResult | Promise<CheckResult>
  /** After the final reads: why they do not say what is there in the end, where they do not. */
  unfinished?(): string | undefined
  /** Between the mending and the final reads: for what spreads by and by. */
  readonly settleMs?: number
}

export interface RunOptions {
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
  readonly budget?: Budget
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
  /** Index of the first event of the final reads; undefined when there were none. */
  readonly finalFrom: number | undefined
  /** Why it does not say what is there in the end, in a sentence; undefined of one that does. */
  readonly unfinished: string | undefined
}

/** For what must succeed once all is mended. */
const SETTLE_MS_MAX = 60_000
const RETRY_MS = 200

/**
 * One run of a plan from its preparation to its verdict: load and faults at once, then everything is mended, what is
 * there in the end is read, and the history is judged.
 *
 * ```ts
 * const { verdict, summary } = await runPlan(runtime, cluster, plan, { workers: 10, ratePerSecond: 50, … })
 * ```
 *
 * Fewer acknowledged calls than the plan asks for, or a kind of fault that never struck, make a valid history `unknown`:
 * nothing was shown.
 */
export async function runPlan(
  runtime: Runtime,
  cluster: ClusterUnderTest,
  plan: RunPlan,
  options: RunOptions,
  { onEvent, onPhase, signal }: TestHooks = {},
): Promise<TestRun> {
  const { workers, timeoutMs, faults: faultPlan } = options
  const beganMs = runtime.clock.monotonicMs()
  const log = new EventLog(() => runtime.clock.monotonicMs() - beganMs, onEvent)
  const faults = new Map<FaultKind, number>()
  const load = new Load(runtime, log, { workers, timeoutMs, open: (worker) => plan.open(worker) })
  const stop = (): void => load.stop()

  onPhase?.('prepare')
  await untilDone(runtime, async () => plan.prepare?.())
  const nemesis =
    faultPlan === undefined
      ? undefined
      : new Nemesis(runtime, cluster, { ...faultPlan, onFault: (note) => noteFault(log, faults, note) })
  onPhase?.('load')
  signal?.addEventListener('abort', stop, { once: true })
  const isOver = nemesis?.run()
  // Heard at once; told when the cluster is to be mended.
  isOver?.catch(() => {})
  try {
    if (signal?.aborted !== true) await load.run(limited(options, plan.load))
  } finally {
    onPhase?.('heal')
    nemesis?.stop()
    await isOver
  }
  onPhase?.('final reads')
  let finalFrom: number | undefined
  // What spreads by and by is not to be judged before it could.
  const isCutShort = plan.settleMs !== undefined && signal?.aborted === true
  if (plan.finalReads !== undefined && !isCutShort) {
    if (plan.settleMs !== undefined) await sleep(runtime, plan.settleMs)
    finalFrom = log.size
    await load.run(timeLimit(SETTLE_MS_MAX, plan.finalReads))
  }
  signal?.removeEventListener('abort', stop)
  await load.close()
  onPhase?.('check')
  const result = await plan.check(log.history, options.budget, finalFrom)
  const acknowledged = log.acknowledged
  const unfinished = plan.unfinished?.() ?? unansweredIn(log.history, finalFrom, plan.atLeast)
  const shown = conclude(result, {
    atLeast: plan.atLeast,
    acknowledged,
    kinds: faultPlan?.kinds ?? [],
    faults,
    unfinished,
  })
  onPhase?.('done')
  return { ...shown, history: log.history, result, acknowledged, faults, finalFrom, unfinished }
}

/** A store that never answers again once all was mended is no pass, however well it did before. */
export function unansweredIn(
  { events }: RecordedHistory,
  finalFrom: number | undefined,
  atLeast: RunPlan['atLeast'],
): string | undefined {
  if (finalFrom === undefined) return undefined
  const made = new Set<string>()
  const answered = new Set<string>()
  for (const { process, type, f } of events.slice(finalFrom)) {
    if (typeof process === 'string') continue
    if (type === 'invoke') made.add(f)
    if (type === 'ok') answered.add(f)
  }
  const isAnswered = answered.size > 0 && [...made].every((f) => answered.has(f) || !(f in atLeast))
  if (made.size === 0 || isAnswered) return undefined
  return 'What is there in the end is not known: no final read was answered after all was mended.'
}

/** What was done in a run, and what had to be. */
export interface RunAmounts {
  readonly atLeast: Readonly<Record<string, number>>
  readonly acknowledged: ReadonlyMap<string, number>
  readonly kinds: readonly FaultKind[]
  readonly faults: ReadonlyMap<FaultKind, number>
  /** Why the run does not say what is there in the end. */
  readonly unfinished: string | undefined
}

/** What a run has shown: a history without anomalies shows nothing when too little was done, or when it has no end. */
export function conclude(result: CheckResult, amounts: RunAmounts): Pick<TestRun, 'verdict' | 'summary'> {
  const { unfinished } = amounts
  if (unfinished !== undefined) {
    const isWrong = result.verdict === 'invalid'
    return {
      verdict: isWrong ? 'invalid' : 'unknown',
      summary: isWrong ? `${result.summary} ${unfinished}` : unfinished,
    }
  }
  const missing = result.verdict === 'valid' ? shortOf(amounts) : undefined
  if (missing !== undefined) return { verdict: 'unknown', summary: missing }
  return { verdict: result.verdict, summary: result.summary }
}

function limited(
  { ratePerSecond, timeLimitMs, callsMax = Number.POSITIVE_INFINITY }: RunOptions,
  load: Generator,
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
function shortOf({ atLeast, acknowledged, kinds, faults }: RunAmounts): string | undefined {
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
    await sleep(runtime, RETRY_MS)
  }
}

function sleep(runtime: Runtime, lengthMs: number): Promise<void> {
  return new Promise((resolve) => {
    runtime.timer(lengthMs, resolve)
  })
}
