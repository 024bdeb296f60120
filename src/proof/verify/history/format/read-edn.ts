import { EdnReader } from '../edn/edn-reader.ts'
import type { HistoryEvent } from '../event.ts'
import type { TextSource } from '../text/text-source.ts'
import { EventBuilder } from './event-builder.ts'

const advice = 'A history in EDN is a vector, a list or a stream of maps, one an event.'
const openMap = 123
const closeMap = 125
const closers = new Map([
  [91, 93],
  [40, 41],
])

/** Events of a history in EDN, as Jepsen, Knossos and Elle keep them: `{:type :invoke, :f :read, :process 0, …}`. */
export function* readEdn(source: TextSource): Generator<HistoryEvent> {
  const reader = new EdnReader(source)
  const builder = new EventBuilder(source)
  const close = closers.get(reader.skipTags())
  if (close !== undefined) source.at++
  for (;;) {
    const code = reader.skipTags()
    source.pin()
    if (code === (close ?? -1)) break
    if (code !== openMap)
      throw source.error(close === undefined ? 'an event, {…}' : 'an event, {…}, or the end of all', advice)
    yield readEvent(source, reader, builder)
  }
  if (close === undefined) return
  source.at++
  if (reader.next() !== -1) throw source.error('nothing after the end of the history', advice)
}

function readEvent(source: TextSource, reader: EdnReader, builder: EventBuilder): HistoryEvent {
  source.at++
  builder.begin()
  while (reader.next() !== closeMap) {
    const name = reader.read('a key of the event, or }')
    builder.set(name, reader.read('the value of the key'))
  }
  source.at++
  return builder.finish()
}
