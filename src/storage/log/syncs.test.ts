import { describe, expect, test } from 'vitest'
import { utf8 } from '../../foundation/bytes.ts'
import { nodeId } from '../../foundation/ids.ts'
import { claimDirectory } from '../identity/claim-directory.ts'
import { entries, entry, group, hardState, openTestLog, place, type TestLog } from '../testing/log-harness.ts'
import { MemoryDisk, type SyncRequest } from '../testing/memory-disk.ts'

/**
 * A program that forgot one of its syncs, played on a disk that loses what was not synced. Each test names the sync,
 * sees that all is well with it, and that something acknowledged is lost without it.
 */
const SEGMENT = 8192
const open = (disk: MemoryDisk): Promise<TestLog> => openTestLog(disk, { segmentBytes: SEGMENT })

const claim = (disk: MemoryDisk, initialize: boolean): Promise<Error | undefined> =>
  new Promise((resolve) =>
    claimDirectory({ disk, clusterId: 'test', nodeId: nodeId(1), initialize }, resolve),
  )

async function isWhole(disk: MemoryDisk, last: number): Promise<boolean> {
  try {
    const { groups } = await open(disk)
    return (groups[0]?.entries.at(-1)?.index ?? 0) === last && groups[0]!.hardState.term === 4
  } catch {
    return false
  }
}

/** Runs a scenario as it is, and without the syncs that `forgets` picks. */
async function expectNeeded(
  scenario: (disk: MemoryDisk, forget: () => void) => Promise<boolean>,
  forgets: (sync: SyncRequest) => boolean,
): Promise<void> {
  expect(await scenario(new MemoryDisk(), () => {})).toBe(true)
  const disk = new MemoryDisk()
  let forgotten = 0
  const kept = await scenario(disk, () => {
    disk.skipSync = (sync) => forgets(sync) && ++forgotten > 0
  })
  expect(forgotten).toBeGreaterThan(0)
  expect(kept).toBe(false)
}

const first = { group: group(1), hardState: hardState(4, 2, 0), entries: [entry(1)] }

describe('without this sync something acknowledged is lost', () => {
  test('of a batch', () =>
    expectNeeded(
      async (disk, forget) => {
        const { append } = await open(disk)
        await append(first)
        await disk.idle()
        forget()
        await append({ group: group(1), entries: [entry(2)] })
        disk.losePower()
        return isWhole(disk, 2)
      },
      ({ kind }) => kind === 'file',
    ))

  test('of the name of the first segment', () =>
    expectNeeded(
      async (disk, forget) => {
        forget()
        const { append } = await open(disk)
        await append(first)
        disk.losePower()
        return isWhole(disk, 1)
      },
      // The next segment's name is synced soon after, and the first one's with it: it comes too late.
      (() => {
        let isFirst = true
        return ({ kind, path }) => kind === 'directory' && path === 'log' && isFirst && !(isFirst = false)
      })(),
    ))

  test('of the names of the segments that follow', () =>
    expectNeeded(
      async (disk, forget) => {
        forget()
        const { append } = await open(disk)
        await append(first)
        await disk.idle()
        for (let i = 2; i <= 10; i++)
          await append({ group: group(1), entries: [entry(i, 4, new Uint8Array(900))] })
        disk.losePower()
        return isWhole(disk, 10)
      },
      (() => {
        let directories = 0
        return ({ kind, path }) => kind === 'directory' && path === 'log' && ++directories > 1
      })(),
    ))

  test('of what recovery read, which a killed process may have written and not synced', () =>
    expectNeeded(
      async (disk, forget) => {
        const writer = await open(disk)
        await writer.append(first)
        await disk.idle()
        // Written, killed before the sync.
        disk.skipSync = () => true
        await writer.append({ group: group(1), entries: [entry(2)] })
        disk.killProcess()
        disk.skipSync = () => false
        forget()
        const { groups } = await open(disk)
        expect(groups[0]!.entries.length).toBe(2)
        disk.losePower()
        disk.skipSync = () => false
        return isWhole(disk, 2)
      },
      ({ kind, path }) => kind === 'file' && path.endsWith('1.log'),
    ))

  test('of the zeros over a torn tail', () =>
    expectNeeded(
      async (disk, forget) => {
        const writer = await open(disk)
        await writer.append(first)
        await disk.idle()
        disk.losePower()
        const name = 'log/0000000000000001.log'
        const end = disk.bytes(name).findLastIndex((byte) => byte !== 0)
        const at = Math.ceil((end + 1) / 512) * 512
        disk.edit(name, (bytes) => void bytes.fill(0xaa, at, at + 512))
        forget()
        await open(disk)
        disk.losePower()
        return disk.bytes(name)[at] === 0
      },
      ({ kind, path }) => kind === 'file' && path.endsWith('1.log'),
    ))

  test('of the batch that gives segments up, before they are removed', () =>
    expectNeeded(
      async (disk, forget) => {
        const { append } = await open(disk)
        await append(first)
        await disk.idle()
        for (let i = 2; i <= 10; i++)
          await append({ group: group(1), entries: [entry(i, 4, new Uint8Array(900))] })
        await disk.idle()
        forget()
        await append({ group: group(1), compacted: place(9, 4) })
        await disk.idle()
        const removed = disk.paths().every((path) => !path.endsWith('01.log'))
        expect(removed).toBe(true)
        // The removals reach the disk by themselves.
        await new Promise<void>((resolve) => {
          disk.skipSync = () => false
          disk.syncDirectory('log', () => resolve())
        })
        disk.losePower()
        return isWhole(disk, 10)
      },
      ({ kind }) => kind === 'file',
    ))

  test('of the bytes of the identity', () =>
    expectNeeded(
      async (disk, forget) => {
        forget()
        expect(await claim(disk, true)).toBeUndefined()
        disk.losePower()
        return (await claim(disk, false)) === undefined
      },
      ({ kind }) => kind === 'file',
    ))

  test('of the name of the identity', () =>
    expectNeeded(
      async (disk, forget) => {
        forget()
        expect(await claim(disk, true)).toBeUndefined()
        disk.losePower()
        return (await claim(disk, false)) === undefined
      },
      ({ kind }) => kind === 'directory',
    ))

  test('of the name of an identity that a killed process had renamed and not synced', () =>
    expectNeeded(
      async (disk, forget) => {
        disk.skipSync = ({ kind }) => kind === 'directory'
        await claim(disk, true)
        disk.killProcess()
        disk.skipSync = () => false
        forget()
        expect(await claim(disk, false)).toBeUndefined()
        disk.losePower()
        disk.skipSync = () => false
        return (await claim(disk, false)) === undefined
      },
      ({ kind }) => kind === 'directory',
    ))
})

test('a segment is removed only when the batch that gives it up is synced, however long that takes', async () => {
  const disk = new MemoryDisk()
  const { append } = await open(disk)
  await append(first)
  for (let i = 2; i <= 10; i++) await append({ group: group(1), entries: [entry(i, 4, new Uint8Array(900))] })
  await disk.idle()
  disk.delayTurns = (action) => (action === 'write' ? 20 : 0)
  const order: string[] = []
  disk.refuse = (action) => void order.push(action)
  const before = append({ group: group(1), entries: [entry(11, 4)] })
  await new Promise((resolve) => setImmediate(resolve))
  const releases = append({ group: group(1), compacted: place(9, 4) })
  await before
  await releases
  await disk.idle()
  expect(order.filter((action) => action !== 'close')).toEqual(['write', 'write', 'remove'])
})

test('a power loss after any number of syncs leaves everything that was acknowledged by then', async () => {
  const history = async (disk: MemoryDisk, acknowledged: number[]): Promise<void> => {
    const { append } = await open(disk)
    await append(first)
    acknowledged.push(1)
    for (let i = 2; i <= 40; i++) {
      await append({
        group: group(1),
        entries: [entry(i, 4, utf8('x'.repeat(i * 17)))],
        compacted: i > 8 ? place(i - 8, i - 8 === 1 ? 1 : 4) : undefined,
      })
      acknowledged.push(i)
    }
  }
  const whole = new MemoryDisk()
  await history(whole, [])
  await whole.idle()
  for (let cut = 1; cut <= whole.syncs.length; cut += 1) {
    const disk = new MemoryDisk()
    const acknowledged: number[] = []
    const reached = new Promise<void>((resolve) => {
      disk.skipSync = () => {
        if (disk.syncs.length > cut) {
          resolve()
          return true
        }
        return false
      }
    })
    let before: number | undefined
    void history(disk, acknowledged)
    await Promise.race([
      reached.then(() => (before = acknowledged.length)),
      whole.syncs.length === cut ? disk.idle() : reached,
    ])
    before ??= acknowledged.length
    disk.losePower()
    disk.skipSync = () => false
    const { groups } = await open(disk)
    expect(groups[0]?.entries.at(-1)?.index ?? 0).toBeGreaterThanOrEqual(before)
  }
})

test('one idle group and a dead follower do not make the log grow without bound', async () => {
  const disk = new MemoryDisk()
  const segmentBytes = 64 << 10
  const { append, log } = await openTestLog(disk, { segmentBytes })
  const SIZE = 200
  const last = new Array<number>(64).fill(0)
  await append({ group: group(1), hardState: hardState(3, 1, 0), entries: entries(1, 5) })
  let sizeMax = 0
  let written = 0
  let segmentsMax = 0
  for (let round = 1; round <= 600; round++) {
    const appends: Promise<void>[] = []
    for (let id = 2; id < 64; id++) {
      const index = ++last[id]!
      // Group 2 keeps all: a follower is dead. The others keep four.
      if (id === 2 && index > 100) continue
      const compacted = id > 2 && index > 5 ? place(index - 5) : undefined
      appends.push(append({ group: group(id), compacted, entries: entries(index, index, 1, SIZE) }))
    }
    await Promise.all(appends)
    written += appends.length * SIZE
    sizeMax = Math.max(sizeMax, log.sizeBytes)
    segmentsMax = Math.max(segmentsMax, disk.paths().length)
  }
  await disk.idle()
  const liveBytes = (5 + 100 + 61 * 5) * (SIZE + 16)
  // Twice what is needed, four segments of slack, and what is written while old ones are written again.
  const bound = 2 * liveBytes + (4 + 6) * segmentBytes
  expect(written).toBeGreaterThan(8 * bound)
  expect(sizeMax).toBeLessThan(bound)
  expect(segmentsMax).toBeLessThanOrEqual(bound / segmentBytes)
  disk.losePower()
  const { groups } = await openTestLog(disk, { segmentBytes })
  expect(groups.find(({ group }) => group === 1)).toMatchObject({
    hardState: hardState(3, 1, 0),
    entries: entries(1, 5),
  })
  expect(groups.find(({ group }) => group === 2)!.entries).toEqual(entries(1, 100, 1, SIZE))
  expect(groups.find(({ group }) => group === 63)!.entries).toEqual(entries(596, 600, 1, SIZE))
})
