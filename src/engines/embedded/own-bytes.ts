import type { Entry } from '../../protocols/raft/entry.ts'

/** So much of a buffer may be something else, besides as much as the commands in it take. */
const SLACK_BYTES = 256

/**
 * Commands as the log and the change feed keep them for long: views of the messages that they came in, or of segments
 * that were read, and these stay in memory with them. So where a buffer is mostly something else (reads, heartbeats,
 * zeros), the commands are copied out of it. What they hold is then at most twice their size and a little.
 *
 * Those of one buffer stand beside each other.
 */
export const ownCommands = (commands: readonly Uint8Array[]): readonly Uint8Array[] =>
  own(commands, itself, (_, data) => data)

/** As `ownCommands`. */
export const ownEntries = (entries: readonly Entry[]): readonly Entry[] =>
  own(
    entries,
    ({ data }) => data,
    (entry, data) => ({ ...entry, data }),
  )

const itself = (command: Uint8Array): Uint8Array => command

function own<Item>(
  items: readonly Item[],
  dataOf: (item: Item) => Uint8Array,
  withData: (item: Item, data: Uint8Array) => Item,
): readonly Item[] {
  let owned: Item[] | undefined
  for (let first = 0; first < items.length; ) {
    const { buffer } = dataOf(items[first]!)
    let sizeBytes = 0
    let end = first
    for (; end < items.length; end++) {
      const data = dataOf(items[end]!)
      if (data.buffer !== buffer) break
      sizeBytes += data.length
    }
    if (buffer.byteLength > 2 * sizeBytes + SLACK_BYTES) {
      owned ??= [...items]
      const copy = new Uint8Array(sizeBytes)
      let offset = 0
      for (let i = first; i < end; i++) {
        const data = dataOf(items[i]!)
        copy.set(data, offset)
        owned[i] = withData(items[i]!, copy.subarray(offset, (offset += data.length)))
      }
    }
    first = end
  }
  return owned ?? items
}
