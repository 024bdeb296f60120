import { InvalidArgumentError } from 'commander'
import { EdnReader } from '../../proof/verify/history/edn/edn-reader.ts'
import type { HistoryValue } from '../../proof/verify/history/event.ts'
import { HistoryError } from '../../proof/verify/history/history-error.ts'
import { JsonReader } from '../../proof/verify/history/json/json-reader.ts'
import { TextSource } from '../../proof/verify/history/text/text-source.ts'

/**
 * For commander: a value as histories hold them, in JSON or EDN; `absent` is nil.
 *
 * ```ts
 * historyValue('0') // 0
 * historyValue('{:x 0}') // Map { 'x' => 0 }
 * ```
 */
export function historyValue(text: string): HistoryValue {
  if (['nil', 'null', 'absent'].includes(text)) return null
  for (const Reader of [JsonReader, EdnReader]) {
    try {
      const reader = new Reader(new TextSource([text]))
      const value = reader.read()
      if (reader.next() === -1) return value
    } catch (error) {
      if (!(error instanceof HistoryError)) throw error
    }
  }
  throw new InvalidArgumentError('Use a value in JSON or EDN: 0, nil, "text", {"x": 0}.')
}

/** For commander: `name=value`, which may be repeated. */
export function setting(
  text: string,
  before: Readonly<Record<string, HistoryValue>> = {},
): Readonly<Record<string, HistoryValue>> {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('Use name=value, for example total=100.')
  return { ...before, [text.slice(0, at)]: historyValue(text.slice(at + 1)) }
}
