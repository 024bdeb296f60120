import { ednText, keywordText, numberText } from '../edn/edn-text.ts'
import type { HistoryEvent } from '../event.ts'
import type { HistoryOrigin } from '../recorded-history.ts'

/** The first line: a comment to Jepsen's tools; to ours it says whose defaults hold. */
export function ednHeader(origin: HistoryOrigin): string {
  return `; dure-history 1, origin ${origin}\n`
}

/** One event as a line of EDN, as Jepsen writes it. */
export function ednLine({ index, process, type, f, value, timeNs, key, error }: HistoryEvent): string {
  const who = typeof process === 'string' ? keywordText(process) : String(process)
  let text = `{:index ${index}, :type :${type}, :process ${who}, :f ${keywordText(f)}, :value ${ednText(value)}`
  if (key !== undefined) text += `, :key ${ednText(key)}`
  if (timeNs !== undefined) text += `, :time ${numberText(timeNs)}`
  if (error !== undefined)
    text += `, :error ${typeof error === 'string' ? keywordText(error) : ednText(error)}`
  return `${text}}\n`
}
