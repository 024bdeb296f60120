import type { HistoryValue } from '../history/event.ts'
import { HistoryError } from '../history/history-error.ts'
import type { OperationOutcome } from '../history/operation.ts'
import { pairEvents } from '../history/pair-events.ts'
import type { RecordedHistory } from '../history/recorded-history.ts'
import type { RecordedOperation } from '../history/recorded-operation.ts'
import { formatValue } from '../history/value/format-value.ts'

/**
 * One transaction as its client saw it.
 *
 * ```ts
 * const [first] = readTransactions(history)
 * first.operations // [{ kind: 'append', key: 'x', value: 1 }, { kind: 'read', key: 'x', value: [1] }]
 * ```
 */
export interface Transaction {
  /** Place among the transactions of the history, by call: 0 for the first. */
  readonly index: number
  readonly process: number | string
  /** `ok`: committed. `failed`: aborted, and nobody may ever see its writes. `unknown`: either. */
  readonly outcome: OperationOutcome
  readonly operations: readonly MicroOperation[]
  /** `index` of the event that called it. */
  readonly call: number
  /** `index` of its `ok` or `fail`; undefined when it may still take effect at any later time. */
  readonly return: number | undefined
}

/** One step of a transaction. */
export type MicroOperation = ReadOperation | WriteOperation

export interface ReadOperation {
  readonly kind: 'read'
  readonly key: HistoryValue
  /** What it found; null for an absent value. Undefined when nobody learned it: the transaction did not commit. */
  readonly value: HistoryValue | undefined
}

export interface WriteOperation {
  /** `append` adds one element to the list under the key, `write` replaces the value. */
  readonly kind: 'append' | 'write'
  readonly key: HistoryValue
  readonly value: HistoryValue
}

/**
 * The transactions of a history whose values are lists of steps: `['append', key, element]`, `['w', key, value]`,
 * `['r', key, found]`. What is not such a list by a client whose process is no number (a nemesis) is passed over; by a
 * client it is a `HistoryError`.
 */
export function readTransactions(history: RecordedHistory): Transaction[] {
  const transactions: Transaction[] = []
  for (const operation of pairEvents(history)) {
    if (typeof operation.process !== 'number' && !Array.isArray(operation.value)) continue
    transactions.push(readTransaction(operation, transactions.length))
  }
  return transactions
}

function readTransaction(operation: RecordedOperation, index: number): Transaction {
  const committed = operation.outcome === 'ok'
  // What a client asked stands in the call; what it learned, in the return of a commit.
  const isAnswered = committed && operation.answer != null
  const steps = isAnswered ? operation.answer : operation.value
  const event = isAnswered ? operation.return! : operation.call
  if (!Array.isArray(steps)) {
    throw new HistoryError({
      found: `the value ${formatValue(steps, { charactersMax: 60 })}`,
      expected: 'a transaction: a list of steps such as ["append", "x", 1]',
      advice: 'Choose a check for what this history holds, or take its other operations out.',
      index: event,
    })
  }
  return {
    index,
    process: operation.process,
    outcome: operation.outcome,
    operations: steps.map((step) => readStep(step, committed, event)),
    call: operation.call,
    return: operation.return,
  }
}

function readStep(step: HistoryValue, committed: boolean, event: number): MicroOperation {
  if (Array.isArray(step) && (step.length === 2 || step.length === 3)) {
    const [name, key, value = null] = step as readonly HistoryValue[]
    switch (name) {
      case 'r':
      case 'read':
        return { kind: 'read', key: key!, value: committed ? value : undefined }
      case 'append':
        if (step.length === 3) return { kind: 'append', key: key!, value }
        break
      case 'w':
      case 'write':
        if (step.length === 3) return { kind: 'write', key: key!, value }
        break
    }
  }
  throw new HistoryError({
    found: `the step ${formatValue(step, { charactersMax: 60 })}`,
    expected: '["r", key, value], ["w", key, value] or ["append", key, element]',
    advice: 'Steps of transactions read, write or append.',
    index: event,
  })
}
