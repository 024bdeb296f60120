import { AnomalyList, conclude, counted } from '../../verify/checks/anomaly-list.ts'
import { elementKey, operationsOf } from '../../verify/checks/client-operations.ts'
import { checkSetFull } from '../../verify/checks/set/check-set-full.ts'
import type { RecordedHistory } from '../../verify/history/recorded-history.ts'
import { formatValue } from '../../verify/history/value/format-value.ts'
import { elementsOf } from '../../verify/history/value/parts-of.ts'
import type { CheckResult } from '../../verify/verdict/verdict.ts'
import type { PlanCheckOptions } from '../workloads/maelstrom-workload.ts'

/**
 * Whether everything that was added stays, and is in the last read of every node: a set check that follows all reads says
 * the first, and would be content when one node has an element that another never hears of.
 */
export function checkSpread(
  history: RecordedHistory,
  add: string,
  { finalFrom = Number.POSITIVE_INFINITY }: PlanCheckOptions,
): CheckResult {
  const asSet =
    add === 'add'
      ? history
      : {
          ...history,
          events: history.events.map((event) => (event.f === add ? { ...event, f: 'add' } : event)),
        }
  const followed = checkSetFull(asSet)
  const operations = operationsOf(asSet, ['add', 'read'])
  const added = operations.filter(({ f, outcome }) => f === 'add' && outcome === 'ok')
  const finalReads = operations
    .filter(({ f, outcome, call }) => f === 'read' && outcome === 'ok' && call >= finalFrom)
    .map((read) => ({
      read,
      found: new Set((elementsOf(read.answer) ?? []).map((value) => elementKey(value))),
    }))
  const anomalies = new AnomalyList(['missing-element'], {})
  for (const { value, call } of added) {
    const without = finalReads.filter(({ found }) => !found.has(elementKey(value)))
    if (without.length === 0) continue
    anomalies.add('missing-element', () => {
      const { process, call: readCall } = without[0]!.read
      const others =
        without.length === 1 ? '' : ` So it is with ${counted(without.length - 1, 'other final read')}.`
      return {
        explanation: `Element ${formatValue(value)} was acknowledged by operation ${call}, but the final read of process ${process}, operation ${readCall}, does not have it.${others}`,
        events: [call, readCall],
      }
    })
  }
  if (anomalies.isEmpty) return finalReads.length > 0 ? followed : withoutLost(followed)
  const missed = conclude(anomalies, {
    subject: 'The set',
    unknown: undefined,
    valid: '',
    spent: followed.spent,
  })
  return {
    ...followed,
    verdict: 'invalid',
    summary: missed.summary,
    anomalies: [...missed.anomalies, ...followed.anomalies],
  }
}

/** What was missing while things still spread is not lost. */
function withoutLost(followed: CheckResult): CheckResult {
  const anomalies = followed.anomalies.filter(({ name }) => name !== 'lost-element')
  if (anomalies.length > 0 || followed.verdict !== 'invalid') return { ...followed, anomalies }
  const summary = 'Nothing can be said of the set: no final read was answered.'
  return { ...followed, verdict: 'unknown', summary, anomalies }
}
