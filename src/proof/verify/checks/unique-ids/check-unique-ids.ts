import type { HistoryValue } from '../../history/event.ts'
import type { RecordedHistory } from '../../history/recorded-history.ts'
import { formatValue } from '../../history/value/format-value.ts'
import type { CheckResult } from '../../verdict/verdict.ts'
import { AnomalyList, conclude, counted, inWords } from '../anomaly-list.ts'
import type { CheckOptions } from '../check-options.ts'
import { type ElementKey, elementKey, operationsOf, spentOn } from '../client-operations.ts'
import { integerFrom } from '../integer.ts'

export interface UniqueIdsResult extends CheckResult {
  readonly statistics: UniqueIdsStatistics
}

export interface UniqueIdsStatistics {
  readonly attempted: number
  readonly acknowledged: number
  /** Ids that were given more than once. */
  readonly duplicated: number
  /** The least and the greatest id, when all are integers or all are texts. */
  readonly range: readonly [HistoryValue, HistoryValue] | undefined
}

/**
 * Whether a generator of ids gave none of them twice.
 *
 * ```ts
 * checkUniqueIds(history) // { f: 'generate', value: 17 }
 * ```
 */
export function checkUniqueIds(history: RecordedHistory, options: CheckOptions = {}): UniqueIdsResult {
  const operations = operationsOf(history, ['generate'])
  const anomalies = new AnomalyList(['duplicate-id'], options)
  const firstOf = new Map<ElementKey, number>()
  const repeats = new Map<ElementKey, { readonly id: HistoryValue; readonly calls: number[] }>()
  let [acknowledged, integers, texts] = [0, 0, 0]
  let [least, greatest]: [HistoryValue, HistoryValue] = [null, null]

  for (const operation of operations) {
    if (operation.outcome !== 'ok') continue
    acknowledged++
    const id = operation.answer ?? null
    if (integerFrom(id) !== undefined) integers++
    else if (typeof id === 'string') texts++
    if (acknowledged === 1) least = greatest = id
    else if (isBefore(id, least)) least = id
    else if (isBefore(greatest, id)) greatest = id
    const key = elementKey(id)
    const first = firstOf.get(key)
    if (first === undefined) {
      firstOf.set(key, operation.call)
      continue
    }
    const repeat = repeats.get(key)
    if (repeat === undefined) repeats.set(key, { id, calls: [first, operation.call] })
    else repeat.calls.push(operation.call)
  }
  // The ids given most often first.
  for (const { id, calls } of [...repeats.values()].sort((a, b) => b.calls.length - a.calls.length))
    anomalies.add('duplicate-id', () => ({
      explanation: `Id ${formatValue(id)} was given ${calls.length} times, by operations ${inWords(calls.slice(0, 8).map(String))}.`,
      events: calls.slice(0, 8),
    }))
  return {
    ...conclude(anomalies, {
      subject: 'The generator of ids',
      unknown: acknowledged === 0 ? 'Nothing can be said of the ids: none was given.' : undefined,
      valid: `${counted(acknowledged, 'id')}, none given twice.`,
      spent: spentOn(operations.length, firstOf.size),
    }),
    statistics: {
      ...{ attempted: operations.length, acknowledged, duplicated: repeats.size },
      range:
        acknowledged > 0 && (integers === acknowledged || texts === acknowledged)
          ? [least, greatest]
          : undefined,
    },
  }
}

/** Of no meaning between values of different kinds, for which no range is told. */
function isBefore(left: HistoryValue, right: HistoryValue): boolean {
  return (left as number) < (right as number)
}
