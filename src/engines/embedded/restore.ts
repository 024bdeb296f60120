import { DureError } from '../../foundation/errors.ts'
import { type LogIndex, logIndex, term } from '../../foundation/ids.ts'
import type { HardState } from '../../protocols/raft/effect.ts'
import type { RestoredState } from '../../protocols/raft/raft.ts'
import type { LogRecord, RecoveredGroup } from '../../storage/log/log.ts'
import type { TablePosition } from '../../storage/table/table.ts'

export interface Restored {
  readonly state: RestoredState
  /** To be written to the log before the group starts; undefined when log and table fit. */
  readonly repair: LogRecord | undefined
}

const newHardState: HardState = { term: term(0), vote: undefined, commitIndex: logIndex(0) }

/**
 * Puts one group together from what its log and its table hold after a stop. The two are written apart, so they may
 * stand at different places; each case:
 *
 * | case | log | table | what it means | what is done |
 * | --- | --- | --- | --- | --- |
 * | @A | nothing | at 0 | a new group | starts at 0 |
 * | @B | holds the table's place, same term | anywhere in it | the usual: applied entries were not all flushed | the tail is applied again |
 * | @C | begins after the table's place | before it | the log was cut beyond the table: rows are lost | refused: `corrupt` |
 * | @D | ends before the table's place | after it | crash between installing a snapshot and resetting the log | the log is reset to the table |
 * | @E | holds the table's place with another term | in it | as @D, with a log that had gone another way | the log is reset to the table |
 */
export function restoreGroup(found: RecoveredGroup, position: TablePosition): Restored {
  const { base, entries, hardState = newHardState } = found
  const lastIndex = base.index + entries.length
  const applied = { index: position.index, membership: position.membership }
  if (position.index < base.index) {
    throw new DureError(
      'corrupt',
      `group ${found.group}: the log begins after index ${base.index}, but the table stands at ${position.index}, so what lies between is lost: remove this node from the cluster and add it anew`,
    )
  }
  const fits = position.index <= lastIndex && termAt(found, position.index) === position.term
  if (fits) {
    const commitIndex = clamp(hardState.commitIndex, position.index, lastIndex)
    return {
      state: { hardState: { ...hardState, commitIndex }, log: { base, entries }, applied },
      repair: undefined,
    }
  }
  const reset = { index: position.index, term: position.term }
  const repaired = {
    ...hardState,
    // The snapshot proves that this term was reached; a vote belongs to its own term only.
    ...(hardState.term < position.term && { term: position.term, vote: undefined }),
    commitIndex: position.index,
  }
  return {
    state: { hardState: repaired, log: { base: reset, entries: [] }, applied },
    repair: { group: found.group, hardState: repaired, reset },
  }
}

function termAt({ base, entries }: RecoveredGroup, index: LogIndex) {
  return index === base.index ? base.term : entries[index - base.index - 1]?.term
}

const clamp = (value: number, least: number, most: number): LogIndex =>
  logIndex(Math.min(Math.max(value, least), most))
