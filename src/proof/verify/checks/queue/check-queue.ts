import type { RecordedHistory } from '../../history/recorded-history.ts'
import { formatValue } from '../../history/value/format-value.ts'
import type { CheckResult } from '../../verdict/verdict.ts'
import { AnomalyList, conclude, counted, inWords } from '../anomaly-list.ts'
import type { CheckOptions } from '../check-options.ts'
import { spentOn } from '../client-operations.ts'
import { type Dequeued, type QueuedElement, readQueue } from './queue-operations.ts'

export interface QueueResult extends CheckResult {
  readonly statistics: QueueStatistics
}

export interface QueueStatistics {
  /** Enqueues that did not fail. */
  readonly enqueued: number
  readonly dequeued: number
  readonly duplicated: number
  readonly unexpected: number
  readonly failed: number
}

/**
 * Whether everything that came out of a queue had been put in, and came out at most as often.
 *
 * ```ts
 * checkQueue(history) // { f: 'enqueue', value: 1 }, { f: 'dequeue', value: 1 }, { f: 'drain', value: [2, 3] }
 * ```
 *
 * In any order; what stays inside is no matter here: see `checkTotalQueue`.
 */
export function checkQueue(history: RecordedHistory, options: CheckOptions = {}): QueueResult {
  const queue = readQueue(history)
  const anomalies = new AnomalyList(['duplicate-dequeue', 'failed-element', 'unexpected-element'], options)
  let [enqueued, dequeued] = [0, 0]
  for (const element of queue.elements.values()) {
    enqueued += element.enqueues.length
    dequeued += element.dequeues.length
    findUnexplained(element, anomalies)
  }
  return {
    ...conclude(anomalies, {
      subject: 'The queue',
      unknown: dequeued === 0 ? 'Nothing can be said of the queue: nothing was taken out of it.' : undefined,
      valid: `${counted(dequeued, 'element')} came out of the queue, each put in before and none more often than that.`,
      spent: spentOn(queue.operations + dequeued, enqueued + dequeued),
    }),
    statistics: {
      ...{ enqueued, dequeued },
      duplicated: anomalies.counts['duplicate-dequeue'],
      unexpected: anomalies.counts['unexpected-element'],
      failed: anomalies.counts['failed-element'],
    },
  }
}

/** Each dequeue, first returned first, takes one enqueue that was called before it returned: the first not taken yet. */
export function findUnexplained(
  element: QueuedElement,
  anomalies: Pick<AnomalyList<'duplicate-dequeue' | 'failed-element' | 'unexpected-element'>, 'add'>,
): number {
  let taken = 0
  for (const dequeue of element.dequeues) {
    const enqueue = element.enqueues[taken]
    if (enqueue !== undefined && enqueue < dequeue.return) taken++
    else report(element, dequeue, taken, anomalies)
  }
  return taken
}

function report(
  { value, enqueues, failed, dequeues }: QueuedElement,
  dequeue: Dequeued,
  taken: number,
  anomalies: Pick<AnomalyList<'duplicate-dequeue' | 'failed-element' | 'unexpected-element'>, 'add'>,
): void {
  const what = (): string => `Operation ${dequeue.call} dequeued ${formatValue(value)}`
  if (taken > 0) {
    anomalies.add('duplicate-dequeue', () => {
      const others = dequeues.filter((other) => other !== dequeue && other.return <= dequeue.return)
      const before = others.slice(0, 8).map(({ call }) => call)
      const enqueued = enqueues.slice(0, 3).map((call) => `enqueue@${call}`)
      const dequeued = [...before.slice(0, 3), dequeue.call].map((call) => `dequeue@${call}`)
      return {
        explanation: `${what()}, which operation${before.length === 1 ? '' : 's'} ${inWords(before.map(String))} had dequeued already, and which was enqueued only ${taken === 1 ? 'once' : `${taken} times`} by then.`,
        drawing: `  ${enqueued.join(' ')} ──▶ ${dequeued.join(', ')}`,
        events: [...enqueues.slice(0, 8), ...before, dequeue.call],
      }
    })
  } else if (enqueues.length === 0 && failed.some((call) => call < dequeue.return)) {
    anomalies.add('failed-element', () => ({
      explanation: `${what()}, whose enqueue, operation ${failed[0]}, failed.`,
      events: [failed[0]!, dequeue.call],
    }))
  } else {
    const because =
      enqueues.length === 0
        ? 'which nobody enqueued'
        : `which was enqueued first by operation ${enqueues[0]}, called after this had returned`
    anomalies.add('unexpected-element', () => ({
      explanation: `${what()}, ${because}.`,
      events: [dequeue.call],
    }))
  }
}
