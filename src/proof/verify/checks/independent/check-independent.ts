import type { HistoryValue } from '../../history/event.ts'
import type { RecordedHistory } from '../../history/recorded-history.ts'
import { formatValue } from '../../history/value/format-value.ts'
import type { CheckResult, Verdict } from '../../verdict/verdict.ts'
import { counted } from '../anomaly-list.ts'
import type { CheckOptions } from '../check-options.ts'
import { splitByKey } from './split-by-key.ts'

export interface IndependentResult<Result extends CheckResult> extends CheckResult {
  /** What the check says of each key, in the order in which the keys came up. */
  readonly keys: readonly { readonly key: HistoryValue; readonly result: Result }[]
}

/**
 * Checks each key of a history of `[key, value]` pairs by itself.
 *
 * ```ts
 * const { verdict, keys } = checkIndependent(history, checkSetFull, { linearizable: true })
 * ```
 *
 * Invalid when one key is; unknown when none is and one cannot be judged, or there are none.
 */
export function checkIndependent<Options extends CheckOptions, Result extends CheckResult>(
  history: RecordedHistory,
  check: (history: RecordedHistory, options: Options) => Result,
  options: Options,
): IndependentResult<Result> {
  const keys = splitByKey(history).map((part) => ({ key: part.key, result: check(part.history, options) }))
  const having = (verdict: Verdict) => keys.filter(({ result }) => result.verdict === verdict)
  const [invalid, valid, unknown] = [having('invalid'), having('valid'), having('unknown')]
  const anomalies = invalid
    .flatMap(({ key, result }) =>
      result.anomalies.map((anomaly) => ({
        ...anomaly,
        explanation: `Key ${formatValue(key)}: ${anomaly.explanation}`,
      })),
    )
    .slice(0, options.anomaliesMax ?? 32)
  const worst = invalid[0] ?? unknown[0]
  const told = worst === undefined ? '' : ` Key ${formatValue(worst.key)}: ${worst.result.summary}`
  return {
    verdict: invalid.length > 0 ? 'invalid' : valid.length === 0 || unknown.length > 0 ? 'unknown' : 'valid',
    summary:
      keys.length === 0
        ? 'Nothing can be said of any key: the history has no operations.'
        : `Of ${counted(keys.length, 'key')}, ${valid.length} valid, ${invalid.length} invalid, ${unknown.length} unknown.${told}`,
    anomalies,
    spent: {
      steps: keys.reduce((sum, { result }) => sum + result.spent.steps, 0),
      memoryBytes: keys.reduce((most, { result }) => Math.max(most, result.spent.memoryBytes), 0),
    },
    keys,
  }
}
