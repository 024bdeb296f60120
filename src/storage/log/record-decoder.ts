import {
  type GroupId,
  groupId,
  type LogIndex,
  logIndex,
  nodeId,
  type Term,
  term,
} from '../../foundation/ids.ts'
import type { HardState } from '../../protocols/raft/effect.ts'
import type { Entry, EntryKind } from '../../protocols/raft/entry.ts'
import {
  COMPACTED,
  ENTRIES,
  HARD_STATE,
  NEW_TERM,
  RELEASED,
  RESET,
  RESTATED,
  REWRITTEN,
} from './record-encoder.ts'

/** What the records of a batch say, one call for each part, in order. */
export interface RecordVisitor {
  hardState(group: GroupId, hardState: HardState): void
  reset(group: GroupId, index: LogIndex, term: Term): void
  compacted(group: GroupId, index: LogIndex, term: Term): void
  restated(group: GroupId, base: { readonly index: LogIndex; readonly term: Term }, last: LogIndex): void
  entries(group: GroupId, entries: readonly Entry[]): void
  rewritten(group: GroupId, entries: readonly Entry[]): void
  released(segment: number): void
}

const kinds: readonly EntryKind[] = ['command', 'membership', 'no-op']

/** The body passed its checksum and yet makes no sense: written by a faulty or a newer program. */
export class MalformedBatchError extends Error {
  override readonly name = 'MalformedBatchError'
}

/** Entries hold views of `body`, which must not change afterwards. */
export function decodeBatch(body: Uint8Array, visitor: RecordVisitor): void {
  const reader = new Reader(body)
  while (!reader.isAtEnd) {
    const flags = reader.byte()
    if (flags === RELEASED) {
      visitor.released(reader.whole())
      continue
    }
    if (flags >= RELEASED) throw new MalformedBatchError(`a record has the unknown flags ${flags}`)
    const group = groupId(reader.whole())
    if (flags & HARD_STATE) visitor.hardState(group, readHardState(reader))
    if (flags & RESET) visitor.reset(group, logIndex(reader.whole()), term(reader.whole()))
    if (flags & COMPACTED) visitor.compacted(group, logIndex(reader.whole()), term(reader.whole()))
    if (flags & ENTRIES) visitor.entries(group, readEntries(reader))
    if (flags & REWRITTEN) visitor.rewritten(group, readEntries(reader))
    if (flags & RESTATED) {
      const base = { index: logIndex(reader.whole()), term: term(reader.whole()) }
      visitor.restated(group, base, logIndex(reader.whole()))
    }
  }
}

function readHardState(reader: Reader): HardState {
  const inTerm = term(reader.whole())
  const vote = reader.whole()
  return {
    term: inTerm,
    vote: vote === 0 ? undefined : nodeId(vote),
    commitIndex: logIndex(reader.whole()),
  }
}

function readEntries(reader: Reader): Entry[] {
  const count = reader.whole()
  const first = reader.whole()
  const entries: Entry[] = []
  let inTerm = 0
  for (let i = 0; i < count; i++) {
    const head = reader.byte()
    const kind = kinds[head & 3]
    if (kind === undefined || head > (NEW_TERM | 3))
      throw new MalformedBatchError(`an entry has the unknown kind ${head}`)
    if (head & NEW_TERM) inTerm = reader.whole()
    entries.push({ index: logIndex(first + i), term: term(inTerm), kind, data: reader.data(reader.whole()) })
  }
  return entries
}

class Reader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  byte(): number {
    if (this.#at >= this.#bytes.length) throw new MalformedBatchError('a record ends before its time')
    return this.#bytes[this.#at++]!
  }

  whole(): number {
    let value = 0
    let scale = 1
    for (let i = 0; i < 8; i++) {
      const byte = this.byte()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
      scale *= 128
    }
    throw new MalformedBatchError('a number does not end')
  }

  data(length: number): Uint8Array {
    const end = this.#at + length
    if (end > this.#bytes.length) throw new MalformedBatchError('an entry ends before its time')
    const data = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return data
  }
}
