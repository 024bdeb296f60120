import type { HistoryEvent, HistoryValue } from '../event.ts'
import { JsonReader } from '../json/json-reader.ts'
import type { TextSource } from '../text/text-source.ts'
import { EventBuilder } from './event-builder.ts'

const advice = 'A history in JSON is an array or a stream of objects, one an event.'
const openArray = 91
const closeArray = 93
const openObject = 123

export interface JsonOptions {
  /** What a value stands for, where a format says more than JSON can. */
  readonly decode?: (value: HistoryValue) => HistoryValue
}

/** Events of a history in JSON: an array, or one object after the other, of Jepsen's fields. */
export function* readJson(source: TextSource, options: JsonOptions = {}): Generator<HistoryEvent> {
  const reader = new JsonReader(source)
  const builder = new EventBuilder(source)
  const isArray = reader.next() === openArray
  if (isArray) source.at++
  for (let isFirst = true; ; isFirst = false) {
    if (isArray ? !reader.nextPart(closeArray, isFirst, ', or ]') : reader.next() === -1) break
    if (reader.next() !== openObject) throw source.error('an event, {…}', advice)
    source.pin()
    yield readEvent(source, reader, builder, options.decode)
  }
  if (isArray && reader.next() !== -1) throw source.error('nothing after the end of the history', advice)
}

function readEvent(
  source: TextSource,
  reader: JsonReader,
  builder: EventBuilder,
  decode: JsonOptions['decode'],
): HistoryEvent {
  source.at++
  builder.begin()
  let isFirst = true
  for (let name = reader.nextKey(true); name !== undefined; name = reader.nextKey(isFirst)) {
    isFirst = false
    const value = reader.read('the value of the key')
    builder.set(name, decode === undefined || typeof value !== 'object' ? value : decode(value))
  }
  return builder.finish()
}
