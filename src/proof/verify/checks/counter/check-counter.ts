import type { RecordedHistory } from '../../history/recorded-history.ts'
import type { RecordedOperation } from '../../history/recorded-operation.ts'
import type { CheckResult } from '../../verdict/verdict.ts'
import { AnomalyList, conclude, counted } from '../anomaly-list.ts'
import type { CheckOptions } from '../check-options.ts'
import { didNotHappen, operationsOf, spentOn, wrongShape } from '../client-operations.ts'
import { forEachEnd } from '../for-each-end.ts'
import { difference, type Integer, integerFrom, sum } from '../integer.ts'

export interface CounterOptions extends CheckOptions {
  /** What the counter starts at; 0 unless told. */
  readonly initial?: number
}

export interface CounterResult extends CheckResult {
  readonly statistics: CounterStatistics
}

export interface CounterStatistics {
  /** Adds that did not fail. */
  readonly adds: number
  readonly reads: number
  readonly outOfBounds: number
  /** The greatest distance between the least and the most that a read could have found. */
  readonly widestBounds: Integer
}

/** Sums of the adds that were called, or have returned, by some time; raising and lowering ones apart. */
interface Added {
  raised: Integer
  lowered: Integer
}

/**
 * Whether each read of a counter is between what had certainly been added and what could have been.
 *
 * ```ts
 * checkCounter(history) // { f: 'add', value: 3 }, { f: 'add', value: -1 }, { f: 'read', value: 2 }
 * ```
 *
 * Adds that returned before the read was called count; those called before it returned may count, or not.
 */
export function checkCounter(history: RecordedHistory, options: CounterOptions = {}): CounterResult {
  const operations = operationsOf(history, ['add', 'read'])
  const anomalies = new AnomalyList(['read-out-of-bounds'], options)
  const initial: Integer = options.initial ?? 0
  const called: Added = { raised: 0, lowered: 0 }
  const returned: Added = { raised: 0, lowered: 0 }
  const returnedAtCall = new Map<RecordedOperation, Added>()
  let [adds, reads] = [0, 0]
  let widestBounds: Integer = 0

  forEachEnd(operations, (operation, end) => {
    if (operation.f === 'add') {
      if (didNotHappen(operation)) return
      if (end === 'call') adds++
      const amount = integerOrThrow(history, operation, 'call')
      const added = end === 'call' ? called : returned
      if (amount < 0) added.lowered = sum(added.lowered, amount)
      else added.raised = sum(added.raised, amount)
      return
    }
    if (operation.outcome !== 'ok') return
    if (end === 'call') {
      returnedAtCall.set(operation, { ...returned })
      return
    }
    reads++
    const certain = returnedAtCall.get(operation)!
    returnedAtCall.delete(operation)
    const found = integerOrThrow(history, operation, 'return')
    const least = sum(initial, sum(certain.raised, called.lowered))
    const most = sum(initial, sum(called.raised, certain.lowered))
    const width = difference(most, least)
    if (width > widestBounds) widestBounds = width
    if (found >= least && found <= most) return
    anomalies.add('read-out-of-bounds', () => tellBounds(operation, found, least, most))
  })

  return {
    ...conclude(anomalies, {
      subject: 'The counter',
      unknown: operations.length === 0 ? 'Nothing can be said of the counter: no add, no read.' : undefined,
      valid:
        reads === 0
          ? `Nothing contradicts the counter, but nothing was put to the test either: ${counted(adds, 'add')}, no read.`
          : `${counted(reads, 'read')} within the bounds that ${counted(adds, 'add')} allow.`,
      spent: spentOn(2 * operations.length, 2 * operations.length),
    }),
    statistics: { adds, reads, outOfBounds: anomalies.counts['read-out-of-bounds'], widestBounds },
  }
}

function tellBounds(read: RecordedOperation, found: Integer, least: Integer, most: Integer) {
  const allowed = least === most ? `${least}` : `${least} to ${most}`
  return {
    explanation: `Operation ${read.call} read ${found}. By the adds that had returned before it, and those called before it returned, it can only have read ${allowed}.`,
    drawing:
      found < least
        ? `  ${found} (read) .... [${least} ... ${most}] (possible)`
        : `  [${least} ... ${most}] (possible) .... ${found} (read)`,
    events: [read.call],
  }
}

function integerOrThrow(
  history: RecordedHistory,
  operation: RecordedOperation,
  end: 'call' | 'return',
): Integer {
  const found = end === 'call' ? operation.value : operation.answer
  const integer = integerFrom(found)
  if (integer !== undefined) return integer
  throw wrongShape(history, end === 'call' ? operation.call : operation.return!, found, {
    expected: 'an integer',
    advice:
      'Adds say by how much, reads what they found. If values are [key, value] pairs, check key by key.',
  })
}
