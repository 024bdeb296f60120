import { AnomalyList, conclude, counted } from '../../verify/checks/anomaly-list.ts'
import { operationsOf, spentOn } from '../../verify/checks/client-operations.ts'
import type { RecordedHistory } from '../../verify/history/recorded-history.ts'
import { formatValue } from '../../verify/history/value/format-value.ts'
import { valueKey } from '../../verify/history/value/value-key.ts'
import type { CheckResult } from '../../verify/verdict/verdict.ts'

/** Whether each answer was what had been asked. */
export function checkEcho(history: RecordedHistory): CheckResult {
  const operations = operationsOf(history, ['echo'])
  const anomalies = new AnomalyList(['wrong-echo'], {})
  let answered = 0
  for (const { outcome, value, answer = null, call } of operations) {
    if (outcome !== 'ok') continue
    answered++
    if (valueKey(answer) === valueKey(value)) continue
    anomalies.add('wrong-echo', () => ({
      explanation: `Operation ${call} sent ${formatValue(value)} and was answered ${formatValue(answer)}.`,
      events: [call],
    }))
  }
  return conclude(anomalies, {
    subject: 'The echo',
    unknown: answered === 0 ? 'Nothing can be said of the echo: nothing was answered.' : undefined,
    valid: `${counted(answered, 'echo')}, each as it was sent.`,
    spent: spentOn(operations.length, 0),
  })
}
