import { ednText, keywordText } from '../edn/edn-text.ts'
import type { EventType, HistoryEvent, HistoryValue } from '../event.ts'
import { assertBare, unwritable } from './unwritable.ts'

/** One event as a line of Jepsen's log. */
export function jepsenLogLine(event: HistoryEvent, position: number): string {
  const { process, type, f, value, key, error } = event
  assertBare(event, position, 'a log')
  if (key !== undefined) throw unwritable(event, 'the key', key, 'a key within the value, as logs have it')
  if (!/^\S+$/.test(f)) throw unwritable(event, 'the function', f, 'a name without blanks')
  const end = endOf(type, value, error)
  return `INFO  jepsen.util - ${nameOf(event, process)}\t:${type}\t:${f}\t${end}\n`
}

/** The value and the error; of an operation that has only an error, that alone, as Jepsen writes it. */
function endOf(type: EventType, value: HistoryValue, error: HistoryValue | undefined): string {
  if (error === undefined) return ednText(value)
  const text = typeof error === 'string' ? keywordText(error) : ednText(error)
  const isAlone = value === null && text.startsWith(':') && (type === 'fail' || type === 'info')
  return isAlone ? text : `${ednText(value)}\t${text}`
}

function nameOf(event: HistoryEvent, process: number | string): string {
  if (typeof process === 'number' ? process >= 0 : /^[\w.-]+$/.test(process))
    return typeof process === 'number' ? String(process) : `:${process}`
  throw unwritable(event, 'the process', process, 'a count from 0, or a name of letters and digits')
}
