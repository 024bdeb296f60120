import type { HistoryValue } from '../../history/event.ts'
import type { RecordedHistory } from '../../history/recorded-history.ts'
import type { RecordedOperation } from '../../history/recorded-operation.ts'
import { elementsOf, entriesOf } from '../../history/value/parts-of.ts'
import { valueKey } from '../../history/value/value-key.ts'
import { type ElementKey, elementKey, operationsOf, wrongShape } from '../client-operations.ts'

/** A message that was sent or polled. */
export interface LogMessage {
  /** The partition, by its text: JSON makes texts of the numbers that are keys of maps. */
  readonly key: string
  readonly value: HistoryValue
  readonly id: ElementKey
  /** Its place in the log of the partition, where it is known. */
  readonly offset: number | undefined
}

export interface LogOperation {
  readonly operation: RecordedOperation
  readonly sends: readonly LogMessage[]
  /** What polls answered, in order; nothing unless the operation was ok. */
  readonly polls: readonly LogMessage[]
  /** Of `assign` and `subscribe`: the partitions. */
  readonly assigned: ReadonlySet<string> | undefined
}

/**
 * `send`, `poll` and `txn` with lists of `['send', key, value]`, answered by `['send', key, [offset, value]]`, and of
 * `['poll']`, answered by `['poll', { key: [[offset, value], …] }]`; `assign` and `subscribe` with lists of keys.
 */
export function readLogOperations(history: RecordedHistory): readonly LogOperation[] {
  return operationsOf(history, ['send', 'poll', 'txn', 'assign', 'subscribe']).map((operation) => {
    const { f, outcome, value, answer } = operation
    const sends: LogMessage[] = []
    const polls: LogMessage[] = []
    if (f === 'assign' || f === 'subscribe') {
      const keys = elementsOf(outcome === 'ok' ? (answer ?? value) : value) ?? []
      return { operation, sends, polls, assigned: new Set(keys.map(partitionName)) }
    }
    const isOk = outcome === 'ok'
    const index = isOk ? operation.return! : operation.call
    const parts = elementsOf(isOk ? answer : value)
    if (parts === undefined) throw wrongMicroOperation(history, index, isOk ? answer : value)
    for (const part of parts) {
      if (!Array.isArray(part) || part.length === 0) throw wrongMicroOperation(history, index, part)
      const fields = part as readonly HistoryValue[]
      if (fields[0] === 'send' && fields.length === 3) sends.push(sendOf(fields, isOk))
      else if (fields[0] !== 'poll') throw wrongMicroOperation(history, index, part)
      else if (isOk) readPoll(history, index, fields, polls)
    }
    return { operation, sends, polls, assigned: undefined }
  })
}

function sendOf([, key, value]: readonly HistoryValue[], isOk: boolean): LogMessage {
  const pair = isOk && Array.isArray(value) && value.length === 2 ? (value as HistoryValue[]) : undefined
  const isPlaced = pair !== undefined && (pair[0] === null || isOffset(pair[0]))
  const sent = isPlaced ? pair[1]! : value!
  const offset = isPlaced ? offsetOf(pair[0]!) : undefined
  return { key: partitionName(key!), value: sent, id: elementKey(sent), offset }
}

function readPoll(
  history: RecordedHistory,
  index: number,
  fields: readonly HistoryValue[],
  polls: LogMessage[],
): void {
  if (fields.length === 1) return
  const entries = entriesOf(fields[1])
  if (entries === undefined) throw wrongMicroOperation(history, index, fields)
  for (const [key, messages] of entries) {
    const name = partitionName(key)
    const pairs = elementsOf(messages)
    if (pairs === undefined) throw wrongMicroOperation(history, index, messages)
    for (const pair of pairs) {
      if (!Array.isArray(pair) || pair.length !== 2 || !(pair[0] === null || isOffset(pair[0])))
        throw wrongMicroOperation(history, index, pair)
      const [offset, value] = pair as HistoryValue[]
      polls.push({ key: name, value: value!, id: elementKey(value!), offset: offsetOf(offset!) })
    }
  }
}

function isOffset(value: HistoryValue | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function offsetOf(value: HistoryValue): number | undefined {
  return isOffset(value) ? value : undefined
}

function partitionName(key: HistoryValue): string {
  return typeof key === 'string' ? key : valueKey(key)
}

function wrongMicroOperation(history: RecordedHistory, index: number, found: HistoryValue | undefined) {
  return wrongShape(history, index, found, {
    expected:
      'a list of ["send", key, value], answered by ["send", key, [offset, value]], and ["poll"], answered by ["poll", {key: [[offset, value]]}]',
    advice: 'Name partitions by keys, and messages by offset and value.',
  })
}
