import { type GroupId, groupId, logIndex, type NodeId, type Term } from '../../../foundation/ids.ts'
import type { Membership } from '../../../protocols/raft/membership.ts'
import type { Runtime } from '../../../runtime/runtime.ts'
import { claimDirectory } from '../../../storage/identity/claim-directory.ts'
import type { Log, LogRecord } from '../../../storage/log/log.ts'
import { openLog } from '../../../storage/log/open-log.ts'
import type { BackupHeader } from '../../../storage/snapshot/backup-format.ts'
import { encodeChunk } from '../../../storage/snapshot/chunk-codec.ts'
import type { Row, SnapshotReceiver, TablePosition, TableStore } from '../../../storage/table/table.ts'
import { type NodeOptions, storageDefaults } from '../node-options.ts'
import { restoredRows } from './restored-rows.ts'

const SYSTEM: GroupId = groupId(0)

/**
 * How far beyond the backup a restored cluster begins. The old cluster went on after the backup: versions and fencing
 * tokens are places of its log, and those that the new cluster gives must be larger than any that was ever given.
 */
export const RESTORED_INDEX_GAP = 1_000_000_000

/** Where a restored cluster of these voters begins. */
export function restoredPosition(header: BackupHeader, voters: readonly NodeId[]): TablePosition {
  const membership: Membership = {
    voters,
    votersOutgoing: [],
    learners: [],
    learnersNext: [],
    autoLeave: false,
  }
  return { index: logIndex(header.index + RESTORED_INDEX_GAP), term: header.term as Term, membership }
}

/**
 * Makes an empty directory into that of a node whose table, wherever it comes from, stands at `position`: its identity, and
 * a log that begins there. As after a snapshot that was installed, with no vote given.
 */
export async function seedLog(
  runtime: Runtime,
  {
    clusterId,
    nodeId,
    position,
  }: Pick<NodeOptions, 'clusterId' | 'nodeId'> & { readonly position: TablePosition },
): Promise<void> {
  const { disk, clock, random } = runtime
  await called((done) => claimDirectory({ disk, clusterId, nodeId, initialize: true }, done))
  const log = await new Promise<Log>((resolve, reject) => {
    const { segmentBytes } = storageDefaults
    const options = {
      disk,
      clock,
      random,
      abort: (reason: Error) => runtime.abort(reason),
      soon: (run: () => void) => runtime.soon(run),
      directory: 'log',
      owner: { clusterId, nodeId },
      segmentBytes,
    }
    openLog(options, (error, opened) => (opened === undefined ? reject(error) : resolve(opened.log)))
  })
  const { index, term } = position
  const record: LogRecord = {
    group: SYSTEM,
    hardState: { term, vote: undefined, commitIndex: index },
    reset: { index, term },
  }
  await called((done) => log.append(record, () => done(undefined)))
  await called((done) => log.close(() => done(undefined)))
}

/** Fills new tables with what a restore takes of these rows, and closes them. Durable, or it throws. */
export async function seedTables(
  openTables: NodeOptions['openTables'],
  position: TablePosition,
  chunks: AsyncIterable<readonly Row[]>,
): Promise<void> {
  const tables = await new Promise<TableStore>((resolve, reject) =>
    openTables((error, tables) => (tables === undefined ? reject(error) : resolve(tables))),
  )
  try {
    const receiver = tables.open(SYSTEM, position.membership).receiveSnapshot(position)
    let number = 0
    for await (const rows of chunks) {
      const taken = restoredRows(rows)
      if (taken.length > 0) await receive(receiver, number++, taken)
    }
    if (number === 0) await receive(receiver, 0, [])
    await called((done) => receiver.install(done))
  } finally {
    await called((done) => tables.close(() => done(undefined)))
  }
}

const receive = (receiver: SnapshotReceiver, number: number, rows: readonly Row[]): Promise<void> =>
  called((done) => receiver.write(number, encodeChunk(rows), done))

function called(call: (done: (error: Error | undefined) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => call((error) => (error === undefined ? resolve() : reject(error))))
}
