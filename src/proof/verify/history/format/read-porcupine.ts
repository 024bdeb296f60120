import type { HistoryEvent } from '../event.ts'
import type { TextSource } from '../text/text-source.ts'
import { formatValue } from '../value/format-value.ts'
import { readEdn } from './read-edn.ts'

const functions: ReadonlySet<string> = new Set(['get', 'put', 'append'])

/** Porcupine's key-value form: EDN whose events name a key, and get, put or append text. */
export function* readPorcupine(source: TextSource): Generator<HistoryEvent> {
  for (const event of readEdn(source)) {
    if (!functions.has(event.f)) throw wrong(source, 'get, put or append as :f', JSON.stringify(event.f))
    if (typeof event.key !== 'string')
      throw wrong(source, 'a text as :key', formatValue(event.key, { charactersMax: 40 }))
    if (event.value !== null && typeof event.value !== 'string')
      throw wrong(source, 'a text or nil as :value', formatValue(event.value, { charactersMax: 40 }))
    yield event
  }
}

function wrong(source: TextSource, expected: string, found: string): Error {
  return source.error(expected, "Read what is not Porcupine's key-value form as edn.", found)
}
