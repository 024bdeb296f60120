import type { HistoryEvent, HistoryValue } from '../event.ts'
import { JsonReader } from '../json/json-reader.ts'
import { decodeTagged } from '../json/tagged-values.ts'
import type { HistoryOrigin } from '../recorded-history.ts'
import type { TextSource } from '../text/text-source.ts'
import { isOrigin, origins } from './history-format.ts'
import { readJson } from './read-json.ts'

export const dureVersion = 1

/** The first line of our JSON lines, `{"dure-history":1,"origin":"dure"}`: says whose defaults hold. */
export function readDureHeader(source: TextSource): HistoryOrigin {
  const reader = new JsonReader(source)
  const header = reader.read('the header {"dure-history":1,"origin":"dure"}')
  const version = header instanceof Map ? header.get('dure-history') : undefined
  if (version === undefined)
    throw source.error(
      'the header {"dure-history":1,"origin":"dure"} first',
      'Without it, read the file as json.',
      'a value without "dure-history"',
    )
  if (version !== dureVersion)
    throw source.error(
      `version ${dureVersion} of the format`,
      'Read it with the release that wrote it, or a later one.',
      `version ${String(version)}`,
    )
  const origin = (header as ReadonlyMap<HistoryValue, HistoryValue>).get('origin') ?? 'dure'
  if (isOrigin(origin)) return origin
  throw source.error(
    `one of ${origins.join(', ')}`,
    'Correct the origin in the header before this place.',
    `the origin ${String(origin)}`,
  )
}

/** The events after the header: JSON as Jepsen's, with `$map`, `$set` and `$number` for what JSON has no words for. */
export function readDure(source: TextSource): Generator<HistoryEvent> {
  const fail = (expected: string): Error =>
    source.error(expected, 'Correct the value before this place.', 'something else')
  return readJson(source, { decode: (value) => decodeTagged(value, fail) })
}
