import type { HistoryEvent, HistoryValue } from './event.ts'
import { HistoryError } from './history-error.ts'
import type { OperationOutcome } from './operation.ts'
import { lineOfEvent, type RecordedHistory } from './recorded-history.ts'
import type { RecordedOperation } from './recorded-operation.ts'

/**
 * The operations of a history: each call with what became of it, in the order of the calls.
 *
 * ```ts
 * for (const { f, value, outcome, answer } of pairEvents(history)) console.log(f, value, outcome, answer)
 * ```
 *
 * A process has one call open at a time. An `info` ends it as unknown; a call without an end is unknown too. Events of
 * `nemesis`, and `info` of other named processes without a call of theirs, are no operations and left out.
 */
export function pairEvents(history: RecordedHistory): RecordedOperation[] {
  const { events } = history
  const operations: OpenOperation[] = []
  const open = new Map<number | string, OpenOperation>()
  for (let position = 0; position < events.length; position++) {
    const event = events[position]!
    const { process } = event
    if (process === 'nemesis') continue
    if (event.type === 'invoke') {
      const before = open.get(process)
      if (before !== undefined) throw openTwice(history, position, before)
      const operation = openOperation(event)
      open.set(process, operation)
      operations.push(operation)
      continue
    }
    const operation = open.get(process)
    if (operation === undefined) {
      if (event.type === 'info' && typeof process === 'string') continue
      throw neverCalled(history, position)
    }
    open.delete(process)
    close(operation, event, history, position)
  }
  return operations
}

/** One shape for all, whatever is known, which keeps the checkers' loops fast. */
interface OpenOperation extends RecordedOperation {
  key: HistoryValue | undefined
  answer: HistoryValue | undefined
  outcome: OperationOutcome
  return: number | undefined
  returnTimeNs: number | undefined
  error: HistoryValue | undefined
}

function openOperation({ process, f, key, value, index, timeNs }: HistoryEvent): OpenOperation {
  return {
    process,
    f,
    key,
    value,
    answer: undefined,
    outcome: 'unknown',
    call: index,
    return: undefined,
    callTimeNs: timeNs,
    returnTimeNs: undefined,
    error: undefined,
  }
}

function close(
  operation: OpenOperation,
  event: HistoryEvent,
  history: RecordedHistory,
  position: number,
): void {
  if (event.f !== operation.f) throw anotherFunction(history, position, operation)
  operation.error = event.error
  operation.key ??= event.key
  if (event.type === 'info') return
  operation.outcome = event.type === 'ok' ? 'ok' : 'failed'
  operation.answer = event.value
  operation.return = event.index
  operation.returnTimeNs = event.timeNs
}

function openTwice(history: RecordedHistory, position: number, before: OpenOperation): HistoryError {
  const event = history.events[position]!
  return problem(history, position, {
    found: `a call of ${event.f} by process ${event.process}, whose ${before.f} of event ${before.call} is still open`,
    expected: 'an ok, fail or info of that call first',
    advice: 'A process calls one thing at a time: give each client a process of its own.',
  })
}

function neverCalled(history: RecordedHistory, position: number): HistoryError {
  const event = history.events[position]!
  return problem(history, position, {
    found: `${event.type} of ${event.f} for process ${event.process}, which has no call open`,
    expected: 'an invoke of that process before it',
    advice: 'If the history is cut off, keep its beginning: only the end may be missing.',
  })
}

function anotherFunction(history: RecordedHistory, position: number, operation: OpenOperation): HistoryError {
  const event = history.events[position]!
  return problem(history, position, {
    found: `${event.type} of ${event.f} for process ${event.process}`,
    expected: `the end of its ${operation.f} of event ${operation.call}`,
    advice: 'An ok, fail or info names the function that was called.',
  })
}

function problem(
  history: RecordedHistory,
  position: number,
  parts: { readonly found: string; readonly expected: string; readonly advice: string },
): HistoryError {
  const index = history.events[position]!.index
  const line = lineOfEvent(history, position)
  return new HistoryError({ ...parts, index, ...(line === undefined ? {} : { line }) })
}
