import type { MaelstromRun } from '../../proof/maelstrom/run/run-maelstrom-test.ts'
import type { Quantiles } from '../../proof/verify/checks/quantiles.ts'

/** What `results.json` and `--json` say of a run beyond what all tests have. */
export function maelstromResults(run: MaelstromRun) {
  const { availability, messages, messagesPerCall, problems } = run
  return { availability, messages, messagesPerCall, problems, statistics: statisticsOf(run) }
}

/** What the check counted, where it did: elements that stayed, sums that were possible. */
function statisticsOf({ result }: MaelstromRun): Readonly<Record<string, unknown>> | undefined {
  return (result as { readonly statistics?: Readonly<Record<string, unknown>> }).statistics
}

/** From when an element was acknowledged, or read by somebody, until every read had it. */
export function spreadLatency(run: MaelstromRun): Quantiles | undefined {
  return statisticsOf(run)?.stableLatencyMs as Quantiles | undefined
}
