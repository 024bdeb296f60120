import type { RecordedHistory } from '../../history/recorded-history.ts'
import type { RecordedOperation } from '../../history/recorded-operation.ts'
import { formatValue } from '../../history/value/format-value.ts'
import type { CheckResult } from '../../verdict/verdict.ts'
import { AnomalyList, conclude, counted } from '../anomaly-list.ts'
import type { CheckOptions } from '../check-options.ts'
import { elementKey, never, operationsOf, spentOn } from '../client-operations.ts'
import { addedElements, elementsRead, whyUnexpected } from './elements.ts'

export interface SetResult extends CheckResult {
  readonly statistics: SetStatistics
}

export interface SetStatistics {
  /** Elements that someone tried to add. */
  readonly attempted: number
  /** Elements of which an add was acknowledged. */
  readonly acknowledged: number
  /** Elements in the final read that someone tried to add. */
  readonly found: number
  /** Elements that were found although no add of theirs was acknowledged, and none need have been. */
  readonly recovered: number
  readonly lost: number
  readonly unexpected: number
  /** Elements found of which every add failed. */
  readonly failed: number
  /** Elements acknowledged only after the final read was called: it says nothing of them. */
  readonly addedLater: number
}

/**
 * Whether a final read finds what was added.
 *
 * ```ts
 * checkSet(history) // adds of one element each, then { f: 'read', value: [0, 1, 2] }
 * ```
 *
 * The last read decides; make it when the system has come to rest. An element that was acknowledged before that read was
 * called must be in it, and nothing may be in it that nobody added.
 */
export function checkSet(history: RecordedHistory, options: CheckOptions = {}): SetResult {
  const operations = operationsOf(history, ['add', 'read'])
  const elements = addedElements(operations)
  const read = lastRead(operations)
  const anomalies = new AnomalyList(['lost-element', 'failed-element', 'unexpected-element'], options)
  const values = read === undefined ? [] : elementsRead(history, read)
  const present = new Map(values.map((value) => [elementKey(value), value]))
  let [acknowledged, found, recovered, addedLater] = [0, 0, 0, 0]

  for (const [key, element] of elements) {
    const isAcknowledged = element.acknowledged !== never
    if (isAcknowledged) acknowledged++
    if (read === undefined) continue
    if (present.has(key)) {
      found++
      if (!isAcknowledged && element.call < read.return!) recovered++
    } else if (isAcknowledged && element.acknowledged > read.call) addedLater++
    else if (isAcknowledged)
      anomalies.add('lost-element', () => ({
        explanation: `Element ${formatValue(element.value)} was added by operation ${element.firstCall} and acknowledged at ${element.acknowledged}, but the final read, operation ${read.call}, which began after that, does not have it.`,
        events: [element.firstCall, element.acknowledged, read.call],
      }))
  }
  for (const [key, value] of present) {
    const unexpected = whyUnexpected(elements.get(key), read!.return!)
    if (unexpected !== undefined)
      anomalies.add(unexpected.name, () => ({
        explanation: `The final read, operation ${read!.call}, has element ${formatValue(value)}, but ${unexpected.because}.`,
        events: [read!.call],
      }))
  }
  return {
    ...conclude(anomalies, {
      subject: 'The set',
      unknown: whyUnknown(read, elements.size, present.size),
      valid: `The final read has all of ${counted(acknowledged - addedLater, 'acknowledged element')} and nothing that was not added.`,
      spent: spentOn(operations.length + values.length, elements.size + present.size),
    }),
    statistics: {
      ...{ attempted: elements.size, acknowledged, found, recovered, addedLater },
      lost: anomalies.counts['lost-element'],
      unexpected: anomalies.counts['unexpected-element'],
      failed: anomalies.counts['failed-element'],
    },
  }
}

function lastRead(operations: readonly RecordedOperation[]): RecordedOperation | undefined {
  let last: RecordedOperation | undefined
  for (const operation of operations) {
    if (operation.f !== 'read' || operation.outcome !== 'ok') continue
    if (last === undefined || operation.return! > last.return!) last = operation
  }
  return last
}

function whyUnknown(
  read: RecordedOperation | undefined,
  attempted: number,
  found: number,
): string | undefined {
  if (read === undefined)
    return 'Nothing can be said of the set: the history has no final read, a read that returned ok.'
  if (attempted === 0 && found === 0) return 'Nothing can be said of the set: nothing was added to it.'
  return undefined
}
