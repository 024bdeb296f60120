import type { HistoryValue } from '../../verify/history/event.ts'
import { equalValues } from '../../verify/history/value/equal-values.ts'
import { formatValue } from '../../verify/history/value/format-value.ts'
import type { ReportOperation } from './report-operation.ts'

/** `read 4 → 17`, `write 4 17`, `txn append 8 1 · r 9 [… 3, 4]`: short enough for a bar of a drawing. */
export function describeOperation(operation: ReportOperation, charactersMax = 36): string {
  const { f, key, value, answer, outcome } = operation
  const asked = value === null ? '' : ` ${brief(value)}`
  const name = key === undefined ? f : `${f} ${brief(key)}`
  const text =
    outcome !== 'ok' || answer === undefined
      ? `${name}${asked}${outcome === 'failed' ? ' ✕' : ' ?'}`
      : equalValues(answer, value)
        ? `${name}${asked}`
        : Array.isArray(value)
          ? // Transactions and pairs are answered by themselves with what was read filled in.
            `${name} ${brief(answer)}`
          : `${name}${asked} → ${brief(answer)}`
  return text.length <= charactersMax ? text : `${text.slice(0, charactersMax - 1)}…`
}

/** A value as the page shows it: transactions as steps, all else as checkers write it. */
export function describeValue(value: HistoryValue, charactersMax: number): string {
  if (!isTransaction(value)) return formatValue(value, { charactersMax })
  let text = ''
  for (const step of value) {
    if (text.length > charactersMax) break
    text += `${text === '' ? '' : ' · '}${describeStep(step, (part) => formatValue(part, { charactersMax }))}`
  }
  return text.length <= charactersMax ? text : `${text.slice(0, charactersMax - 1)}…`
}

/** What transactions are made of, in the histories of all tools. */
const steps: ReadonlySet<HistoryValue> = new Set(['r', 'w', 'append', 'read', 'write'])

type Step = readonly [f: string, key: HistoryValue, value: HistoryValue]

function isTransaction(value: HistoryValue): value is readonly Step[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((step) => Array.isArray(step) && step.length === 3 && steps.has(step[0]))
  )
}

function describeStep([f, key, value]: Step, format: (value: HistoryValue) => string): string {
  return value === null ? `${f} ${format(key)}` : `${f} ${format(key)} ${format(value)}`
}

const TAIL = 3

function brief(value: HistoryValue): string {
  if (isTransaction(value)) return value.map((step) => describeStep(step, brief)).join(' · ')
  // What was appended last is what tells lists apart.
  if (Array.isArray(value) && value.length > TAIL + 1)
    return `[… ${value.slice(-TAIL).map(brief).join(', ')}]`
  return formatValue(value, { charactersMax: 120 })
}
