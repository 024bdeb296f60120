import type { HistoryValue } from '../../verify/history/event.ts'
import { equalValues } from '../../verify/history/value/equal-values.ts'
import { formatValue } from '../../verify/history/value/format-value.ts'
import type { ReportOperation } from './report-operation.ts'

/** `read 4 → 17`, `write 4 17`, `txn [["append", 8, 1]]`: short enough for a bar of a drawing. */
export function describeOperation(operation: ReportOperation, charactersMax = 36): string {
  const { f, key, value, answer, outcome } = operation
  const asked = value === null ? '' : ` ${format(value)}`
  const name = key === undefined ? f : `${f} ${format(key)}`
  const text =
    outcome !== 'ok' || answer === undefined
      ? `${name}${asked}${outcome === 'failed' ? ' ✕' : ' ?'}`
      : equalValues(answer, value)
        ? `${name}${asked}`
        : isAnsweredInPlace(value)
          ? `${name} ${format(answer)}`
          : `${name}${asked} → ${format(answer)}`
  return text.length <= charactersMax ? text : `${text.slice(0, charactersMax - 1)}…`
}

/** Transactions and pairs are answered by themselves with what was read filled in. */
const isAnsweredInPlace = (value: HistoryValue): boolean => Array.isArray(value)

const format = (value: HistoryValue): string => formatValue(value, { charactersMax: 60 })
