import { DureError } from '../../../foundation/errors.ts'
import { type GroupId, groupId, logIndex, term } from '../../../foundation/ids.ts'
import type { RestoredState } from '../../../protocols/raft/core.ts'
import type { Membership } from '../../../protocols/raft/membership.ts'
import type { Runtime } from '../../../runtime/runtime.ts'
import { claimDirectory } from '../../../storage/identity/claim-directory.ts'
import type { Log, RecoveredGroup } from '../../../storage/log/log.ts'
import { openLog } from '../../../storage/log/open-log.ts'
import type { Table, TableStore } from '../../../storage/table/table.ts'
import { type NodeOptions, type OpenCallback, storageDefaults } from '../node-options.ts'
import { restoreGroup } from './restore.ts'

export interface Recovered {
  readonly log: Log
  readonly tables: TableStore
  readonly groups: readonly RecoveredState[]
}

export interface RecoveredState {
  readonly id: GroupId
  readonly table: Table
  readonly state: RestoredState
}

/**
 * Brings a node back from its directory, in this order: the directory is ours alone; it is this node's; the log is
 * read; the tables are opened; each group is put together from both.
 */
export function recover(
  runtime: Runtime,
  options: NodeOptions,
  soon: (run: () => void) => void,
  done: OpenCallback<Recovered>,
): void {
  const fail = (error: Error): void => done(asDureError(error), undefined)
  const { disk, clock, random } = runtime
  claimDirectory(
    { disk, clusterId: options.clusterId, nodeId: options.nodeId, initialize: options.initialize },
    (error, identity) => {
      if (error !== undefined) return fail(error)
      const { segmentBytes } = { ...storageDefaults, ...options.storage }
      const abort = (reason: Error) => runtime.abort(reason)
      const owner = {
        clusterId: options.clusterId,
        nodeId: options.nodeId,
        formerClusterIds: identity?.formerClusterIds,
      }
      openLog(
        {
          disk,
          clock,
          random,
          abort,
          soon,
          directory: 'log',
          owner,
          segmentBytes,
        },
        (error, opened) => {
          if (opened === undefined)
            return fail(error ?? new Error('the log gave neither itself nor an error'))
          options.openTables((error, tables) => {
            if (tables === undefined)
              return fail(error ?? new Error('the tables gave neither themselves nor an error'))
            restoreGroups(options, opened, tables, done)
          })
        },
      )
    },
  )
}

function restoreGroups(
  options: NodeOptions,
  { log, groups }: { readonly log: Log; readonly groups: readonly RecoveredGroup[] },
  tables: TableStore,
  done: OpenCallback<Recovered>,
): void {
  const initial: Membership = {
    voters: options.join === true ? [] : options.members.map(({ node }) => node).sort((a, b) => a - b),
    votersOutgoing: [],
    learners: [],
    learnersNext: [],
    autoLeave: false,
  }
  try {
    const recovered = Array.from({ length: options.groupCount ?? 1 }, (_, id): RecoveredState => {
      const group = groupId(id)
      const table = tables.open(group, initial)
      const found = groups.find((candidate) => candidate.group === group) ?? emptyGroup(group)
      return { id: group, table, state: restoreGroup(found, table.position) }
    })
    done(undefined, { log, tables, groups: recovered })
  } catch (error) {
    done(asDureError(error as Error), undefined)
  }
}

const emptyGroup = (group: GroupId): RecoveredGroup => ({
  group,
  hardState: { term: term(0), vote: undefined, commitIndex: logIndex(0) },
  base: { index: logIndex(0), term: term(0) },
  entries: [],
})

function asDureError(error: Error): DureError {
  if (error instanceof DureError) return error
  return new DureError('disk', error.message, { cause: error })
}
