import { unreachable } from '../../../foundation/assert.ts'
import type { Guarantees } from '../guarantees.ts'
import type { ConformanceCase, ConformanceContext, Need } from './conformance-case.ts'

export type Verdict = 'ok' | 'skipped' | 'failed'

export interface CaseResult {
  readonly name: string
  readonly guarantee: string
  readonly verdict: Verdict
  /** Why it was skipped, or what was found. */
  readonly reason: string | undefined
  readonly tookMs: number
}

export interface RunOptions {
  /** How many run at a time, each among its own keys. Those about a disturbance come last and share one. */
  readonly concurrency?: number
  /** A case that takes longer has failed. */
  readonly caseTimeoutMs?: number
  readonly onResult?: (result: CaseResult) => void
}

const CONCURRENCY = 16
const CASE_TIMEOUT_MS = 120_000

/**
 * Runs cases on an engine; answers with the verdicts in the order of the cases.
 *
 * ```ts
 * const results = await runCases(cases, { open, prefix: `conformance-${randomUUID()}/`, clock })
 * ```
 */
export async function runCases(
  cases: readonly ConformanceCase[],
  context: ConformanceContext,
  options: RunOptions = {},
): Promise<readonly CaseResult[]> {
  const store = await context.open()
  const { guarantees } = store
  await store.close()
  const results = new Map<ConformanceCase, CaseResult>()
  const concurrency = options.concurrency ?? CONCURRENCY
  const runAll = async (some: readonly ConformanceCase[], around: ConformanceContext): Promise<void> => {
    // One list that all take from.
    const waiting = some.values()
    const work = async (): Promise<void> => {
      for (const each of waiting) {
        const prefix = `${context.prefix}${cases.indexOf(each)}/`
        const timeoutMs = options.caseTimeoutMs ?? CASE_TIMEOUT_MS
        const result = await runCase(each, guarantees, { ...around, prefix }, timeoutMs)
        results.set(each, result)
        options.onResult?.(result)
      }
    }
    await Promise.all(Array.from({ length: concurrency }, work))
  }
  const disturbs = ({ needs }: ConformanceCase): boolean => needs?.includes('faults') ?? false
  await runAll(
    cases.filter((each) => !disturbs(each)),
    context,
  )
  const { disturb } = context
  await runAll(
    cases.filter(disturbs),
    disturb === undefined ? context : { ...context, disturb: shared(disturb) },
  )
  return cases.map((each) => results.get(each)!)
}

/** Who asks while it goes on shares it. */
function shared(disturb: () => Promise<void>): () => Promise<void> {
  let going: Promise<void> | undefined
  return () => {
    going ??= disturb().finally(() => {
      going = undefined
    })
    return going
  }
}

async function runCase(
  each: ConformanceCase,
  guarantees: Guarantees,
  context: ConformanceContext,
  timeoutMs: number,
): Promise<CaseResult> {
  const { clock } = context
  const { name, guarantee } = each
  const reason = whySkipped(each, guarantees, context)
  if (reason !== undefined) return { name, guarantee, verdict: 'skipped', reason, tookMs: 0 }
  const beganMs = clock.nowMs()
  const ended = each.run(context).then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  )
  const problem = await inTime(context, ended, timeoutMs)
  const verdict = problem === undefined ? 'ok' : 'failed'
  return { name, guarantee, verdict, reason: problem, tookMs: clock.nowMs() - beganMs }
}

/** What the case needs that the engine does not promise, or that there is no way to do here. */
export function whySkipped(
  { needs = [] }: ConformanceCase,
  guarantees: Guarantees,
  context: ConformanceContext,
): string | undefined {
  return needs.map((need) => missing(need, guarantees, context)).find((reason) => reason !== undefined)
}

function missing(need: Need, guarantees: Guarantees, context: ConformanceContext): string | undefined {
  switch (need) {
    case 'watch':
    case 'leases':
    case 'idempotentRetries':
      return guarantees[need] ? undefined : `the engine "${guarantees.engine}" does not promise ${need}`
    case 'abandon':
      return context.abandon === undefined ? 'there is no way to kill a client here' : undefined
    case 'faults':
      return context.disturb === undefined ? 'there is no way to disturb the engine here' : undefined
    default:
      return unreachable(need)
  }
}

/** In short sleeps, so that a case that ends early leaves no long one behind. */
async function inTime(
  { clock }: ConformanceContext,
  ended: Promise<string | undefined>,
  timeoutMs: number,
): Promise<string | undefined> {
  const untilMs = clock.nowMs() + timeoutMs
  const over = ended.then(() => true)
  while (!(await Promise.race([over, clock.sleep(250)]))) {
    if (clock.nowMs() > untilMs) return `it did not end within ${timeoutMs} ms`
  }
  return ended
}
