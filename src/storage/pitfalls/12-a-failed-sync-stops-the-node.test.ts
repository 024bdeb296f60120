import { expect, test } from 'vitest'
import { entries, group, openTestLog } from '../testing/log-harness.ts'
import { MemoryDisk } from '../testing/memory-disk.ts'

const isFileSync = ({ kind, path }: { readonly kind: string; readonly path: string }): boolean =>
  kind === 'file' && path.startsWith('log/')

test('after a synced write that failed it is not tried again, nothing is acknowledged and the node stops', async () => {
  const disk = new MemoryDisk()
  const { log, aborted } = await openTestLog(disk)
  await disk.idle()
  let writes = 0
  // One failure, then all is well again: as a kernel does that has dropped the pages it could not write.
  disk.refuse = (action) => (action === 'write' && ++writes === 1 ? 'failed' : undefined)
  let acknowledged = 0
  log.append({ group: group(1), entries: entries(1, 1) }, () => acknowledged++)
  await disk.idle()
  log.append({ group: group(1), entries: entries(2, 2) }, () => acknowledged++)
  await disk.idle()
  expect(writes).toBe(1)
  expect(acknowledged).toBe(0)
  expect(aborted).toMatchObject([{ message: expect.stringContaining('log/') }])
})

test('nothing is acknowledged before its sync is done', async () => {
  const disk = new MemoryDisk()
  const { log } = await openTestLog(disk)
  await disk.idle()
  const before = disk.syncs.filter(isFileSync).length
  let syncsWhenAcknowledged = -1
  disk.delayTurns = (action) => (action === 'write' ? 50 : 0)
  log.append({ group: group(1), entries: entries(1, 1) }, () => {
    syncsWhenAcknowledged = disk.syncs.filter(isFileSync).length - before
    // Whatever was not synced by now is gone.
    disk.losePower()
  })
  await disk.idle()
  expect(syncsWhenAcknowledged).toBe(1)
  const { groups } = await openTestLog(disk)
  expect(groups[0]!.entries.map(({ index }) => index)).toEqual([1])
})
