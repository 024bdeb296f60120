import { utf8 } from '../../foundation/bytes.ts'
import { type GroupId, groupId, logIndex, nodeId, term } from '../../foundation/ids.ts'
import type { Entry } from '../../protocols/raft/entry.ts'
import { SeededRandom } from '../../runtime/seeded-random.ts'
import type { Log, LogRecord, RecoveredGroup } from '../log/log.ts'
import { openLog } from '../log/open-log.ts'
import { SECTOR_BYTES } from '../log/segment.ts'
import type { MemoryDisk } from './memory-disk.ts'

const BATCH_MAGIC = 0x44755265

export const owner = { clusterId: 'test', nodeId: nodeId(1) }

export interface TestLog {
  readonly log: Log
  readonly groups: readonly RecoveredGroup[]
  readonly aborted: Error[]
  append(record: LogRecord): Promise<void>
}

export async function openTestLog(
  disk: MemoryDisk,
  options: {
    readonly segmentBytes?: number
    readonly owner?: typeof owner
  } = {},
): Promise<TestLog> {
  const aborted: Error[] = []
  return new Promise((resolve, reject) => {
    openLog(
      {
        disk: disk.attach(),
        clock: { monotonicMs: () => performance.now(), wallMs: () => 0 },
        random: new SeededRandom(disk.syncs.length + 1),
        abort: (reason) => aborted.push(reason),
        soon: queueMicrotask,
        directory: 'log',
        owner: options.owner ?? owner,
        segmentBytes: options.segmentBytes ?? 64 << 10,
      },
      (error, opened) => {
        if (opened === undefined) return reject(error)
        const { log, groups } = opened
        resolve({ log, groups, aborted, append: (record) => new Promise((done) => log.append(record, done)) })
      },
    )
  })
}

export function entry(
  index: number,
  inTerm = 1,
  data: string | Uint8Array = `entry ${index} of term ${inTerm}`,
): Entry {
  const bytes = typeof data === 'string' ? utf8(data) : data
  return { index: logIndex(index), term: term(inTerm), kind: 'command', data: bytes }
}

export function entries(first: number, last: number, inTerm = 1, sizeBytes?: number): Entry[] {
  return Array.from({ length: last - first + 1 }, (_, i) =>
    entry(first + i, inTerm, sizeBytes === undefined ? undefined : new Uint8Array(sizeBytes).fill(first + i)),
  )
}

export const place = (index: number, inTerm = 1) => ({ index: logIndex(index), term: term(inTerm) })

export const hardState = (inTerm: number, vote: number | undefined, commitIndex: number) => ({
  term: term(inTerm),
  vote: vote === undefined ? undefined : nodeId(vote),
  commitIndex: logIndex(commitIndex),
})

export const group = (id: number): GroupId => groupId(id)

/** Where the batches of a segment begin. */
export function batchOffsets(segment: Uint8Array): number[] {
  const view = new DataView(segment.buffer, segment.byteOffset)
  const found: number[] = []
  for (let at = SECTOR_BYTES; at < segment.length; at += SECTOR_BYTES)
    if (view.getUint32(at) === BATCH_MAGIC) found.push(at)
  return found
}
