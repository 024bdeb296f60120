import type { RecordedHistory } from '../../history/recorded-history.ts'
import { formatValue } from '../../history/value/format-value.ts'
import type { CheckResult } from '../../verdict/verdict.ts'
import { AnomalyList, conclude, counted } from '../anomaly-list.ts'
import type { CheckOptions } from '../check-options.ts'
import { spentOn } from '../client-operations.ts'
import { findUnexplained } from './check-queue.ts'
import { type QueuedElement, type QueueOperations, readQueue } from './queue-operations.ts'

export interface TotalQueueOptions extends CheckOptions {
  /**
   * Whether the queue was empty at the end of the history. Unless told, it was when the history shows it: by a drain, or
   * by a dequeue that found nothing (an ok of nil, or the answer or error `empty` or `exhausted`).
   */
  readonly drained?: boolean
  /** Whether a dequeue may lose what it took in an answer that never came; true unless told. False where a client that
   * goes away gives back what it did not acknowledge. */
  readonly unansweredTake?: boolean
}

export interface TotalQueueResult extends CheckResult {
  readonly statistics: TotalQueueStatistics
}

export interface TotalQueueStatistics {
  /** Enqueues that were tried. */
  readonly attempted: number
  readonly acknowledged: number
  readonly dequeued: number
  readonly lost: number
  readonly duplicated: number
  readonly unexpected: number
  readonly failed: number
  /** Dequeued although no enqueue of it was acknowledged. */
  readonly recovered: number
  /** Acknowledged and not dequeued, without a proof that the queue was empty afterwards. */
  readonly leftInside: number
}

/**
 * What goes in must come out: whether a queue that was drained gave back everything that it had acknowledged.
 *
 * ```ts
 * checkTotalQueue(history, { drained: true }).statistics.lost
 * ```
 */
export function checkTotalQueue(history: RecordedHistory, options: TotalQueueOptions = {}): TotalQueueResult {
  const queue = readQueue(history)
  const names = ['lost-element', 'duplicate-dequeue', 'failed-element', 'unexpected-element'] as const
  const anomalies = new AnomalyList(names, options)
  const emptyAfter = options.drained === true ? Number.POSITIVE_INFINITY : queue.lastEmptyCall
  let [attempted, acknowledged, dequeued, recovered, leftInside] = [0, 0, 0, 0, 0]
  const missing: { readonly element: QueuedElement; readonly count: number }[] = []
  let missingCount = 0

  for (const element of queue.elements.values()) {
    attempted += element.enqueues.length + element.failed.length
    acknowledged += element.acknowledged.length
    dequeued += element.dequeues.length
    const explained = findUnexplained(element, anomalies)
    recovered += Math.max(0, explained - element.acknowledged.length)
    const lost = missingOf(element, emptyAfter)
    leftInside += missingOf(element, Number.POSITIVE_INFINITY) - lost
    missingCount += lost
    if (lost > 0) missing.push({ element, count: lost })
  }
  const mayBeTaken = options.unansweredTake === false ? 0 : takenUnseen(queue)
  const isLost = missingCount > mayBeTaken
  if (isLost)
    for (const { element, count } of missing)
      for (let each = 0; each < count; each++)
        anomalies.add('lost-element', () => tellLost(element, missingCount, mayBeTaken))

  return {
    ...conclude(anomalies, {
      subject: 'The queue',
      unknown: whyUnknown({ acknowledged, dequeued, leftInside, missingCount }),
      valid: `All of ${counted(acknowledged, 'acknowledged element')} came out of the queue, and nothing else but ${recovered} whose enqueue had no answer.`,
      spent: spentOn(queue.operations + dequeued, attempted + dequeued),
    }),
    statistics: {
      ...{ attempted, acknowledged, dequeued, recovered, leftInside },
      lost: missingCount,
      duplicated: anomalies.counts['duplicate-dequeue'],
      unexpected: anomalies.counts['unexpected-element'],
      failed: anomalies.counts['failed-element'],
    },
  }
}

/**
 * How many of the enqueues that were acknowledged before the queue was empty cannot have come out: each dequeue, first
 * returned first, takes the first of them, which leaves the fewest.
 */
function missingOf({ acknowledged, dequeues }: QueuedElement, emptyAfter: number): number {
  const due = acknowledged.filter((enqueue) => enqueue.return < emptyAfter)
  let taken = 0
  for (const dequeue of dequeues) if (taken < due.length && due[taken]!.call < dequeue.return) taken++
  return due.length - taken
}

/** A dequeue without an answer may have taken one element, a drain without an answer all of them. */
function takenUnseen({ unansweredDequeues, unansweredDrains }: QueueOperations): number {
  return unansweredDrains > 0 ? Number.POSITIVE_INFINITY : unansweredDequeues
}

function tellLost({ value, enqueues }: QueuedElement, missing: number, mayBeTaken: number) {
  const excuse =
    mayBeTaken === 0
      ? ''
      : ` Dequeues without an answer can have taken ${mayBeTaken} of the ${missing} that are missing, not all.`
  return {
    explanation: `${formatValue(value)} was enqueued by operation ${enqueues[0]} and acknowledged, and never came out, although the queue was found empty afterwards.${excuse}`,
    events: enqueues.slice(0, 8),
  }
}

function whyUnknown(found: {
  readonly acknowledged: number
  readonly dequeued: number
  readonly leftInside: number
  readonly missingCount: number
}): string | undefined {
  if (found.acknowledged === 0 && found.dequeued === 0)
    return 'Nothing can be said of the queue: no enqueue was acknowledged and nothing came out.'
  if (found.missingCount > 0)
    return `${counted(found.missingCount, 'acknowledged element')} never came out of the queue, but dequeues without an answer may have taken as many.`
  if (found.leftInside > 0)
    return `${counted(found.leftInside, 'acknowledged element')} did not come out of the queue, and the history does not show that it was drained afterwards.`
  return undefined
}
