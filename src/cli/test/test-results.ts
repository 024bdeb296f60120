import { faultKinds } from '../../proof/chaos/nemesis/cluster-under-test.ts'
import type { HistoryEvent } from '../../proof/verify/history/event.ts'
import type { CheckResult, Verdict } from '../../proof/verify/verdict/verdict.ts'
import { callStatistics, faultSpans } from '../../proof/workloads/run/run-statistics.ts'
import type { TestResults } from '../../proof/workloads/run/test-record.ts'

export interface Judged {
  readonly verdict: Verdict
  readonly summary: string
  readonly result: CheckResult
  readonly events: readonly HistoryEvent[]
  readonly isInterrupted: boolean
  readonly surprises: readonly string[]
  readonly files: readonly string[]
  readonly unfinished?: string | undefined
  readonly finalFrom?: number | undefined
}

/** What came of a run, as it is recorded. Nodes that end by themselves are no pass, whatever clients saw. */
export function testResults(judged: Judged): TestResults {
  const { verdict, summary, result, events, surprises, isInterrupted, files, unfinished, finalFrom } = judged
  const spans = faultSpans(events)
  const struck = spans.filter(({ error }) => error === undefined)
  return {
    verdict: verdict === 'valid' && surprises.length > 0 ? 'unknown' : verdict,
    summary: [summary, ...surprises.map(asSentence)].join(' '),
    anomalies: result.anomalies,
    spent: result.spent,
    isInterrupted,
    files,
    ...(unfinished !== undefined && { unfinished }),
    ...(finalFrom !== undefined && { finalFrom }),
    surprises,
    durationMs: Math.round((events.at(-1)?.timeNs ?? 0) / 1e6),
    calls: callStatistics(events),
    faults: Object.fromEntries(
      faultKinds.flatMap((kind) => {
        const count = struck.filter((span) => span.kind === kind).length
        return count === 0 ? [] : [[kind, count]]
      }),
    ),
    faultSpans: spans,
  }
}

const asSentence = (text: string): string => `${text[0]!.toUpperCase()}${text.slice(1)}.`
