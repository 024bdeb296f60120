import { HistoryError } from '../../history/history-error.ts'
import { namingLines } from '../../history/naming-lines.ts'
import type { RecordedHistory } from '../../history/recorded-history.ts'
import { formatValue } from '../../history/value/format-value.ts'
import { valueKey } from '../../history/value/value-key.ts'
import { readTransactions, type Transaction } from '../../transactions/transaction.ts'
import type { IsolationHistory } from './isolation-history.ts'
import { IsolationHistoryBuilder, type IsolationHistoryOptions } from './isolation-history-builder.ts'

/**
 * The sessions of a recorded history of transactions on registers: a process is a session.
 *
 * ```ts
 * const history = isolationHistoryOf(readHistory('txns.edn'))
 * ```
 *
 * A transaction of unknown outcome happened if someone read a value that it wrote; it is a session of its own
 * then, because it may have taken effect at any later time. Otherwise it is left out: nobody can tell.
 */
export function isolationHistoryOf(
  recorded: RecordedHistory | readonly Transaction[],
  options: IsolationHistoryOptions = {},
): IsolationHistory {
  if (!('events' in recorded)) return historyOfTransactions(recorded, options)
  const initialValue = recorded.origin === 'isolation' ? 0 : null
  return namingLines(recorded, () =>
    historyOfTransactions(readTransactions(recorded), { initialValue, ...options }),
  )
}

function historyOfTransactions(
  transactions: readonly Transaction[],
  options: IsolationHistoryOptions,
): IsolationHistory {
  const builder = new IsolationHistoryBuilder(options)
  const bySession = new Map<number | string, Transaction[]>()
  const unknown: Transaction[] = []
  for (const transaction of transactions) {
    switch (transaction.outcome) {
      case 'ok': {
        const session = bySession.get(transaction.process)
        if (session === undefined) bySession.set(transaction.process, [transaction])
        else session.push(transaction)
        break
      }
      case 'unknown':
        unknown.push(transaction)
        break
      case 'failed':
        for (const operation of transaction.operations) {
          if (operation.kind === 'write')
            builder.abortedWrite(operation.key, operation.value, transaction.call)
        }
    }
  }
  for (const [process, session] of bySession) {
    builder.session(process)
    for (const transaction of session) add(builder, transaction)
  }
  for (const transaction of seen(unknown, transactions)) {
    builder.session(`of ${transaction.process}, unknown since event ${transaction.call}`)
    add(builder, transaction)
  }
  return builder.build()
}

function add(builder: IsolationHistoryBuilder, transaction: Transaction): void {
  builder.transaction(transaction.call)
  for (const operation of transaction.operations) {
    switch (operation.kind) {
      case 'read':
        if (operation.value !== undefined) builder.read(operation.key, operation.value)
        break
      case 'write':
        builder.write(operation.key, operation.value)
        break
      case 'append':
        throw new HistoryError({
          index: transaction.call,
          found: `an append to ${formatValue(operation.key)}`,
          expected: 'reads and writes of registers',
          advice: 'Histories of appends are checked as list-append.',
        })
    }
  }
}

/** Of the transactions of unknown outcome, those that committed, because a value of theirs was read. */
function seen(unknown: readonly Transaction[], all: readonly Transaction[]): readonly Transaction[] {
  if (unknown.length === 0) return unknown
  const read = new Set<string>()
  for (const { outcome, operations } of all) {
    if (outcome !== 'ok') continue
    for (const { kind, key, value } of operations) {
      if (kind === 'read' && value !== undefined) read.add(`${valueKey(key)} ${valueKey(value)}`)
    }
  }
  return unknown.filter(({ operations }) =>
    operations.some(
      ({ kind, key, value }) =>
        kind === 'write' && value !== undefined && read.has(`${valueKey(key)} ${valueKey(value)}`),
    ),
  )
}
