import type { HistoryEvent, HistoryValue } from './event.ts'
import type { History, Operation } from './operation.ts'
import type { RecordedHistory } from './recorded-history.ts'

/** How an operation is told in a file. */
export interface DescribedOperation {
  readonly f: string
  /** What was asked. */
  readonly value: HistoryValue
  /** What was answered, of an `ok` one; what was asked, where it is left out. */
  readonly answer?: HistoryValue
  readonly key?: HistoryValue
}

/**
 * What a `HistoryRecorder` wrote down, as events: to keep it in a file, or to show it to another tool.
 *
 * ```ts
 * const history = toEvents(recorder.history(), ({ input, output }) => ({ f: 'read', value: null, answer: output ?? null }))
 * for (const chunk of writeHistory(history)) stream.write(chunk)
 * ```
 */
export function toEvents<Input, Output>(
  history: History<Input, Output>,
  describe: (operation: Operation<Input, Output>) => DescribedOperation,
): RecordedHistory {
  const events: HistoryEvent[] = []
  for (const operation of history) {
    const { f, value, answer, key } = describe(operation)
    const event = (index: number, type: HistoryEvent['type'], of: HistoryValue): HistoryEvent => ({
      ...{ index, process: operation.process, type, f, value: of },
      ...(key === undefined ? {} : { key }),
    })
    events.push(event(operation.call, 'invoke', value))
    if (operation.return === undefined) continue
    const type = endings[operation.outcome]
    events.push(event(operation.return, type, type === 'ok' && answer !== undefined ? answer : value))
  }
  events.sort((left, right) => left.index - right.index)
  return { origin: 'dure', events }
}

const endings = { ok: 'ok', failed: 'fail', unknown: 'info' } as const
