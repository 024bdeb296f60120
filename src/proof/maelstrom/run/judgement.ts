import type { RecordedHistory } from '../../verify/history/recorded-history.ts'
import type { CheckResult } from '../../verify/verdict/verdict.ts'
import { callStatistics } from '../../workloads/run/run-statistics.ts'
import type { CallStatistics } from '../../workloads/run/test-record.ts'
import type { NodeProblem } from './maelstrom-cluster.ts'

export interface Availability {
  /** The part of the calls that were acknowledged. */
  readonly found: number
  readonly asked: number | undefined
}

/**
 * What a test of programs has found: what its check says, unless a program broke the protocol or too few calls were
 * acknowledged.
 *
 * ```ts
 * judge(plan.check(history, { finalFrom }), problems, availabilityOf(history, 0.99))
 * ```
 */
export function judge(
  result: CheckResult,
  problems: readonly NodeProblem[],
  availability: Availability,
): CheckResult {
  return problems.length > 0 ? broken(problems, result) : available(result, availability)
}

/** A program that does not speak the protocol is wrong, whatever its clients saw. */
export function broken(problems: readonly NodeProblem[], result: CheckResult): CheckResult {
  const told = problems.map(({ kind, message, details }) => ({
    name: kind,
    explanation: message,
    ...(details === '' ? {} : { drawing: details }),
    events: [],
  }))
  return {
    ...result,
    verdict: 'invalid',
    summary: summaryOf(problems),
    anomalies: [...told, ...result.anomalies],
  }
}

/** Fewer acknowledged calls than were asked for are wrong, too. */
function available(result: CheckResult, { found, asked }: Availability): CheckResult {
  if (asked === undefined || found >= asked) return result
  const summary = `${percent(found)} of the calls were acknowledged, and ${percent(asked)} were asked for.`
  const anomaly = { name: 'unavailable', explanation: summary, events: [] }
  return {
    ...result,
    verdict: 'invalid',
    summary: result.verdict === 'invalid' ? result.summary : summary,
    anomalies: [...result.anomalies, anomaly],
  }
}

function summaryOf(problems: readonly NodeProblem[]): string {
  const [first, ...others] = problems
  const more = others.length === 0 ? '' : ` (and ${others.length} more of the kind)`
  return `${first!.message}${more}`
}

/** Rounded down: 100 % is all. */
const percent = (part: number): string => `${Math.floor(part * 1_000) / 10} %`

/** `asked`: the part of the calls that must be acknowledged; undefined where none in particular is. */
export function availabilityOf({ events }: RecordedHistory, asked: number | undefined): Availability {
  // A client that goes away asks for nothing.
  const { crash: _, ...calls } = callStatistics(events)
  const count = countOf(calls)
  const acknowledged = Object.values(calls).reduce((sum, call) => sum + call.acknowledged, 0)
  return { found: count === 0 ? 0 : acknowledged / count, asked }
}

export const countOf = (calls: Readonly<Record<string, CallStatistics>>): number =>
  Object.values(calls).reduce(
    (sum, { acknowledged, failed, unknown }) => sum + acknowledged + failed + unknown,
    0,
  )
