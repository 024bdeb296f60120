import { DureError } from '../../foundation/errors.ts'
import { groupId, logIndex, term } from '../../foundation/ids.ts'
import type { RestoredState } from '../../protocols/raft/raft.ts'
import type { Membership } from '../../protocols/raft/membership.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { DiskError } from '../../runtime/disk.ts'
import { claimDirectory } from '../../storage/identity/claim-directory.ts'
import type { Log, RecoveredGroup } from '../../storage/log/log.ts'
import { openLog } from '../../storage/log/open-log.ts'
import type { Table, TableStore } from '../../storage/table/table.ts'
import { type NodeOptions, type OpenCallback, storageDefaults } from './node-options.ts'

export interface Recovered {
  readonly log: Log
  readonly tables: TableStore
  readonly groups: readonly RecoveredState[]
}

export interface RecoveredState {
  readonly id: ReturnType<typeof groupId>
  readonly table: Table
  readonly raft: RestoredState
}
