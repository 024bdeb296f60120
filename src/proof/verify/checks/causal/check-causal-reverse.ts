import type { HistoryValue } from '../../history/event.ts'
import type { RecordedHistory } from '../../history/recorded-history.ts'
import type { RecordedOperation } from '../../history/recorded-operation.ts'
import { formatValue } from '../../history/value/format-value.ts'
import { elementsOf } from '../../history/value/parts-of.ts'
import type { CheckResult } from '../../verdict/verdict.ts'
import { AnomalyList, conclude, counted } from '../anomaly-list.ts'
import type { CheckOptions } from '../check-options.ts'
import { didNotHappen, operationsOf, spentOn, wrongShape } from '../client-operations.ts'
import { ElementIndex } from '../element-index.ts'

export interface CausalReverseResult extends CheckResult {
  readonly statistics: CausalReverseStatistics
}

export interface CausalReverseStatistics {
  readonly writes: number
  readonly reads: number
  /** Reads that saw a write and not one that was acknowledged before it was called. */
  readonly reversed: number
}

/**
 * Whether a read ever sees a write without one that was acknowledged before that write began.
 *
 * ```ts
 * checkCausalReverse(history) // { f: 'write', value: 7 } of new values, { f: 'read', value: [3, 7] } of all of them
 * ```
 *
 * Strict serializability rules that out; serializability alone does not, since it may reorder what does not overlap.
 */
export function checkCausalReverse(
  history: RecordedHistory,
  options: CheckOptions = {},
): CausalReverseResult {
  const operations = operationsOf(history, ['write', 'read'])
  const anomalies = new AnomalyList(['causal-reverse', 'failed-write-read', 'unwritten-value'], options)
  const index = new ElementIndex()
  const writes: RecordedOperation[] = []
  const reads: RecordedOperation[] = []
  for (const operation of operations) {
    if (operation.f === 'read') {
      if (operation.outcome === 'ok') reads.push(operation)
      continue
    }
    const place = index.add(operation.value)
    if (place < writes.length)
      throw wrongShape(history, operation.call, operation.value, {
        expected: `a value that operation ${writes[place]!.call} did not write already`,
        advice: 'Each write has a value of its own, or reads could not tell them apart.',
      })
    writes.push(operation)
  }
  const acknowledged = writes.filter(({ outcome }) => outcome === 'ok').sort((a, b) => a.return! - b.return!)
  /** Of each write, the last read that saw it. */
  const seenBy = new Int32Array(writes.length).fill(-1)
  const countedBy = new Int32Array(writes.length).fill(-1)
  let values = 0

  for (let each = 0; each < reads.length; each++) {
    const read = reads[each]!
    const answer = valuesOf(history, read)
    values += answer.length
    let newest: RecordedOperation | undefined
    for (const value of answer) {
      const place = index.indexOf(value)
      const write = writes[place]
      if (write === undefined || write.call > read.return! || didNotHappen(write)) {
        report(read, value, write, anomalies)
        continue
      }
      seenBy[place] = each
      if (newest === undefined || write.call > newest.call) newest = write
    }
    if (newest === undefined) continue
    // Whatever was acknowledged before the call of any write that was seen was before the call of the newest.
    const due = countBefore(acknowledged, newest.call)
    let seenDue = 0
    for (const value of answer) {
      const place = index.indexOf(value)
      if (place < 0 || seenBy[place] !== each || countedBy[place] === each) continue
      countedBy[place] = each
      if (writes[place]!.outcome === 'ok' && writes[place]!.return! < newest.call) seenDue++
    }
    if (seenDue === due) continue
    anomalies.add('causal-reverse', () =>
      tellReverse(
        read,
        newest,
        missing(acknowledged.slice(0, due), (write) => seenBy[index.indexOf(write.value)] === each),
      ),
    )
  }

  const seesNothing = values === 0 || acknowledged.length === 0
  return {
    ...conclude(anomalies, {
      subject: 'The order of writes',
      unknown: seesNothing
        ? 'Nothing can be said of the order of writes: no read saw a write, or no write was acknowledged.'
        : undefined,
      valid: `${counted(reads.length, 'read')} saw no write without all that had been acknowledged before it began.`,
      spent: spentOn(operations.length + values, writes.length),
    }),
    statistics: { writes: writes.length, reads: reads.length, reversed: anomalies.counts['causal-reverse'] },
  }
}

function valuesOf(history: RecordedHistory, read: RecordedOperation): readonly HistoryValue[] {
  const values = elementsOf(read.answer)
  if (values !== undefined) return values
  throw wrongShape(history, read.return!, read.answer, {
    expected: 'the values that were seen, as a list',
    advice: 'A read answers with all values. If values are [key, value] pairs, check key by key.',
  })
}

/** How many of them returned before an event; they are in the order of their returns. */
function countBefore(acknowledged: readonly RecordedOperation[], index: number): number {
  let [low, high] = [0, acknowledged.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (acknowledged[middle]!.return! < index) low = middle + 1
    else high = middle
  }
  return low
}

function missing(
  due: readonly RecordedOperation[],
  isSeen: (write: RecordedOperation) => boolean,
): RecordedOperation[] {
  return due.filter((write) => !isSeen(write)).slice(0, 8)
}

function tellReverse(
  read: RecordedOperation,
  newest: RecordedOperation,
  missed: readonly RecordedOperation[],
) {
  const first = missed[0]!
  const others = missed.length > 1 ? ` (nor ${counted(missed.length - 1, 'other')})` : ''
  return {
    explanation: `Operation ${read.call} saw ${formatValue(newest.value)}, written by operation ${newest.call}, but not ${formatValue(first.value)}${others}, written by operation ${first.call} and acknowledged at ${first.return}, before ${newest.call} was called.`,
    drawing: [
      `  ${String(first.call).padStart(8)}  ├─ write ${formatValue(first.value)} ─┤ ${first.return}`,
      `  ${String(newest.call).padStart(8)}  ${' '.repeat(16)}├─ write ${formatValue(newest.value)} ─`,
      `  ${String(read.call).padStart(8)}  read: ${formatValue(newest.value)} yes, ${formatValue(first.value)} no`,
    ].join('\n'),
    events: [...missed.map(({ call }) => call), newest.call, read.call],
  }
}

function report(
  read: RecordedOperation,
  value: HistoryValue,
  write: RecordedOperation | undefined,
  anomalies: AnomalyList<'causal-reverse' | 'failed-write-read' | 'unwritten-value'>,
): void {
  const what = `Operation ${read.call} saw ${formatValue(value)}`
  if (write === undefined)
    anomalies.add('unwritten-value', () => ({
      explanation: `${what}, which nobody wrote.`,
      events: [read.call],
    }))
  else if (write.call > read.return!)
    anomalies.add('unwritten-value', () => ({
      explanation: `${what}, but its write, operation ${write.call}, was called only after the read had returned.`,
      events: [read.call, write.call],
    }))
  else
    anomalies.add('failed-write-read', () => ({
      explanation: `${what}, but its write, operation ${write.call}, failed.`,
      events: [write.call, read.call],
    }))
}
