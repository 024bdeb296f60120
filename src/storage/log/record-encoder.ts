import type { GroupId, LogIndex, Term } from '../../foundation/ids.ts'
import type { HardState } from '../../protocols/raft/effect.ts'
import type { Entry, EntryKind } from '../../protocols/raft/entry.ts'
import type { BatchBuffer } from './batch-buffer.ts'
import type { LogRecord } from './log.ts'

/**
 * A batch's body is a sequence of records; each begins with a byte of flags that says what follows, in this order.
 * Numbers are of variable length.
 *
 * - `RELEASED`: a segment sequence; all segments before it are needed no more. No group, nothing else.
 * - the group, then
 * - `HARD_STATE`: term, vote (0 for none), commit index
 * - `RESET`, `COMPACTED`: index, term
 * - `RESTATED`: base index, base term, last index: what a group stands at when a segment begins
 * - `ENTRIES`: count, first index, entries; they replace everything at or after the first index
 * - `REWRITTEN`: the same, but they take the place of equal entries in an older segment and replace nothing
 *
 * An entry is a byte (kind, and whether its term differs from the one before, 0 at first), the term if so, the length
 * and the data.
 */
export const HARD_STATE = 1
export const RESET = 2
export const COMPACTED = 4
export const ENTRIES = 8
export const REWRITTEN = 16
export const RESTATED = 32
export const RELEASED = 64

export const NEW_TERM = 4
/** Numbers that stand for kinds in the log; never changed. */
const kindNumbers: Readonly<Record<EntryKind, number>> = { command: 0, membership: 1, 'no-op': 2 }

/** No whole number takes more; the flags and the fields without entries stay below ten of them. */
const WHOLE_BYTES_MAX = 8
const FIELDS_BYTES_MAX = 10 * WHOLE_BYTES_MAX
const ENTRY_HEAD_BYTES_MAX = 1 + 2 * WHOLE_BYTES_MAX

export function encodeRecord(buffer: BatchBuffer, record: LogRecord): void {
  const { group, hardState, reset, compacted, entries } = record
  const hasEntries = entries !== undefined && entries.length > 0
  buffer.reserve(FIELDS_BYTES_MAX)
  buffer.byte(
    (hardState === undefined ? 0 : HARD_STATE) |
      (reset === undefined ? 0 : RESET) |
      (compacted === undefined ? 0 : COMPACTED) |
      (hasEntries ? ENTRIES : 0),
  )
  buffer.whole(group)
  if (hardState !== undefined) encodeHardState(buffer, hardState)
  if (reset !== undefined) encodePlace(buffer, reset)
  if (compacted !== undefined) encodePlace(buffer, compacted)
  if (hasEntries) encodeEntries(buffer, entries)
}

export function encodeRewritten(buffer: BatchBuffer, group: GroupId, entries: readonly Entry[]): void {
  buffer.reserve(FIELDS_BYTES_MAX)
  buffer.byte(REWRITTEN)
  buffer.whole(group)
  encodeEntries(buffer, entries)
}

export function encodeRestated(
  buffer: BatchBuffer,
  group: GroupId,
  hardState: HardState,
  base: { readonly index: LogIndex; readonly term: Term },
  last: LogIndex,
): void {
  buffer.reserve(FIELDS_BYTES_MAX)
  buffer.byte(HARD_STATE | RESTATED)
  buffer.whole(group)
  encodeHardState(buffer, hardState)
  encodePlace(buffer, base)
  buffer.whole(last)
}

export function encodeReleased(buffer: BatchBuffer, segment: number): void {
  buffer.reserve(FIELDS_BYTES_MAX)
  buffer.byte(RELEASED)
  buffer.whole(segment)
}

function encodeHardState(buffer: BatchBuffer, { term, vote, commitIndex }: HardState): void {
  buffer.whole(term)
  buffer.whole(vote ?? 0)
  buffer.whole(commitIndex)
}

function encodePlace(buffer: BatchBuffer, place: { readonly index: LogIndex; readonly term: Term }): void {
  buffer.whole(place.index)
  buffer.whole(place.term)
}

function encodeEntries(buffer: BatchBuffer, entries: readonly Entry[]): void {
  buffer.whole(entries.length)
  buffer.whole(entries[0]!.index)
  let term = 0
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i]!
    const data = entry.data
    buffer.reserve(ENTRY_HEAD_BYTES_MAX + data.length)
    const kind = kindNumbers[entry.kind]
    if (entry.term === term) {
      buffer.byte(kind)
    } else {
      term = entry.term
      buffer.byte(kind | NEW_TERM)
      buffer.whole(term)
    }
    buffer.whole(data.length)
    buffer.data(data)
  }
}
