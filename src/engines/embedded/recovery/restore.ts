import { DureError } from '../../../foundation/errors.ts'
import { mark } from '../../../foundation/marks.ts'
import type { RestoredState } from '../../../protocols/raft/core.ts'
import { REPLACE_NODE } from '../../../storage/identity/replace-node.ts'
import type { RecoveredGroup } from '../../../storage/log/log.ts'
import type { TablePosition } from '../../../storage/table/table.ts'
import { ownEntries } from '../own-bytes.ts'

/**
 * Puts one group together from what its log and its table hold after a stop. The two are written apart, so they may
 * stand at different places; each case:
 *
 * | case | log | table | what it means | what is done |
 * | --- | --- | --- | --- | --- |
 * | @A | nothing | at 0 | a new group | starts at 0 |
 * | @B | holds the table's place, same term | anywhere in it | the usual: applied entries were not all flushed | the tail is applied again |
 * | @C | begins after the table's place | before it | the log was cut beyond the table: rows are lost | refused: `corrupt` |
 * | @D | ends before the table's place | after it | crash between installing a snapshot and resetting the log | the core resets its log to the table |
 * | @E | holds the table's place with another term | in it | as @D, with a log that had gone another way | the core resets its log to the table |
 */
export function restoreGroup(found: RecoveredGroup, position: TablePosition): RestoredState {
  const { base, entries, hardState } = found
  if (position.index < base.index) {
    throw new DureError(
      'corrupt',
      `group ${found.group}: the log begins after index ${base.index}, but the table stands at ${position.index}, so what lies between is lost: ${REPLACE_NODE}`,
    )
  }
  const held = position.index - base.index
  if (held > entries.length) mark('node/restored-with-reset-log')
  else if (held < entries.length) mark('node/restored-with-log-tail')
  return { hardState, log: { base, entries: ownEntries(entries) }, applied: position }
}
