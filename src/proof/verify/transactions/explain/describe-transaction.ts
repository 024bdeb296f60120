import type { HistoryValue } from '../../history/event.ts'
import { formatValue } from '../../history/value/format-value.ts'
import type { MicroOperation, Transaction } from '../transaction.ts'

/** `read 5 = [1, 2] · append 5 ← 3`, cut to the width. */
export function describeSteps({ operations }: Transaction, width: number): string {
  let text = ''
  for (const operation of operations) {
    const step = describeStep(operation)
    const next = text === '' ? step : `${text} · ${step}`
    if (next.length > width)
      return text === '' ? `${step.slice(0, width - 1)}…` : `${text.slice(0, width - 2)} …`
    text = next
  }
  return text
}

function describeStep({ kind, key, value }: MicroOperation): string {
  const where = formatValue(key, { charactersMax: 20 })
  switch (kind) {
    case 'read':
      return value === undefined ? `read ${where}` : `read ${where} = ${shortValue(value)}`
    case 'append':
      return `append ${where} ← ${formatValue(value, { charactersMax: 20 })}`
    case 'write':
      return `write ${where} = ${formatValue(value, { charactersMax: 20 })}`
  }
}

/** A value in at most 40 columns; of a long list its end, where what was appended last stands. */
export function shortValue(value: HistoryValue | undefined): string {
  if (!Array.isArray(value) || value.length <= 8) return formatValue(value, { charactersMax: 40 })
  return formatValue(value.slice(-4), { charactersMax: 36 }).replace('[', '[… ')
}

/** `event 12, process 3`. */
export function placeOf({ call, process, outcome }: Transaction): string {
  const ending = outcome === 'ok' ? '' : outcome === 'failed' ? ', aborted' : ', outcome unknown'
  return `event ${call}, process ${process}${ending}`
}
