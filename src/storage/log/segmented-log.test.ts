import { describe, expect, test } from 'vitest'
import { entries, entry, group, hardState, openTestLog, place } from '../testing/log-harness.ts'
import { MemoryDisk } from '../testing/memory-disk.ts'

describe('the log', () => {
  test('gives back after a power loss what it acknowledged', async () => {
    const disk = new MemoryDisk()
    const first = await openTestLog(disk)
    expect(first.groups).toEqual([])
    await first.append({ group: group(1), hardState: hardState(3, 2, 0), entries: entries(1, 3, 3) })
    await first.append({ group: group(2), hardState: hardState(1, undefined, 0) })
    disk.losePower()
    const second = await openTestLog(disk)
    expect(
      second.groups.map(({ group, hardState, base, entries }) => ({ group, hardState, base, entries })),
    ).toEqual([
      { group: 1, hardState: hardState(3, 2, 0), base: place(0, 0), entries: entries(1, 3, 3) },
      { group: 2, hardState: hardState(1, undefined, 0), base: place(0, 0), entries: [] },
    ])
  })

  test('entries replace everything at or after their first', async () => {
    const disk = new MemoryDisk()
    const first = await openTestLog(disk)
    await first.append({ group: group(1), entries: entries(1, 9, 1) })
    await first.append({ group: group(1), entries: [entry(4, 2)] })
    disk.losePower()
    const { groups } = await openTestLog(disk)
    expect(groups[0]!.entries).toEqual([...entries(1, 3, 1), entry(4, 2)])
  })

  test('a reset drops the log of the group; compaction drops its beginning', async () => {
    const disk = new MemoryDisk()
    const first = await openTestLog(disk)
    await first.append({ group: group(1), entries: entries(1, 9, 1) })
    await first.append({ group: group(1), compacted: place(5, 1) })
    await first.append({ group: group(2), entries: entries(1, 9, 1) })
    await first.append({ group: group(2), reset: place(100, 4), entries: entries(101, 102, 4) })
    disk.losePower()
    const { groups } = await openTestLog(disk)
    expect(groups[0]).toMatchObject({ base: place(5, 1), entries: entries(6, 9, 1) })
    expect(groups[1]).toMatchObject({ base: place(100, 4), entries: entries(101, 102, 4) })
  })

  test('records of one event share one sync, and so do those that gather meanwhile', async () => {
    const disk = new MemoryDisk()
    const { append } = await openTestLog(disk)
    await disk.idle()
    const before = disk.syncs.length
    await Promise.all(
      Array.from({ length: 100 }, (_, i) => append({ group: group(i), entries: entries(1, 2) })),
    )
    expect(disk.syncs.length).toBe(before + 1)
  })

  test('goes on over many segments and removes those that nothing needs', async () => {
    const disk = new MemoryDisk()
    const first = await openTestLog(disk, { segmentBytes: 8192 })
    await first.append({ group: group(7), hardState: hardState(5, 1, 0) })
    for (let i = 1; i <= 200; i++) {
      await first.append({ group: group(1), entries: [entry(i, 1, new Uint8Array(700).fill(i))] })
      if (i > 10) await first.append({ group: group(1), compacted: place(i - 10, 1) })
    }
    await disk.idle()
    expect(disk.paths().length).toBeLessThan(8)
    expect(first.log.sizeBytes).toBeLessThan(8 * 8192)
    disk.losePower()
    const { groups } = await openTestLog(disk, { segmentBytes: 8192 })
    expect(groups[0]!.entries.map(({ index }) => index)).toEqual([
      191, 192, 193, 194, 195, 196, 197, 198, 199, 200,
    ])
    expect(groups[1]!.hardState).toEqual(hardState(5, 1, 0))
  })

  test('takes a batch that is larger than a segment', async () => {
    const disk = new MemoryDisk()
    const first = await openTestLog(disk, { segmentBytes: 4096 })
    const large = entries(1, 50, 1, 1000)
    await first.append({ group: group(1), entries: large })
    await first.append({ group: group(1), entries: [entry(51)] })
    disk.losePower()
    const { groups } = await openTestLog(disk, { segmentBytes: 4096 })
    expect(groups[0]!.entries).toEqual([...large, entry(51)])
  })

  test('says since when the oldest write waits', async () => {
    const disk = new MemoryDisk()
    const { log, append } = await openTestLog(disk)
    await disk.idle()
    expect(log.waitingSinceMs).toBeUndefined()
    disk.hold()
    const before = performance.now()
    const appended = append({ group: group(1), entries: entries(1, 1) })
    expect(log.waitingSinceMs).toBeGreaterThanOrEqual(before)
    await Promise.resolve()
    const since = log.waitingSinceMs
    const later = append({ group: group(1), entries: entries(2, 2) })
    expect(log.waitingSinceMs).toBe(since)
    disk.release()
    await appended
    await later
    await disk.idle()
    expect(log.waitingSinceMs).toBeUndefined()
  })

  test('close finishes what was appended', async () => {
    const disk = new MemoryDisk()
    const { log } = await openTestLog(disk)
    let done = 0
    for (let i = 1; i <= 10; i++) log.append({ group: group(1), entries: entries(i, i) }, () => done++)
    await new Promise<void>((resolve) => log.close(resolve))
    expect(done).toBe(10)
    disk.losePower()
    const { groups } = await openTestLog(disk)
    expect(groups[0]!.entries.length).toBe(10)
  })

  for (const reason of ['full', 'read-only', 'failed'] as const) {
    test(`a write that fails (${reason}) stops the node, names the path and the cause, and is never acknowledged`, async () => {
      const disk = new MemoryDisk()
      const { log, aborted } = await openTestLog(disk)
      await disk.idle()
      disk.refuse = (action) => (action === 'write' ? reason : undefined)
      let acknowledged = false
      log.append({ group: group(1), entries: entries(1, 1) }, () => (acknowledged = true))
      await disk.idle()
      expect(acknowledged).toBe(false)
      expect(aborted.length).toBe(1)
      expect(aborted[0]!.message).toContain('log/0000000000000001.log')
      expect(aborted[0]!.message).toContain(reason)
      disk.refuse = () => undefined
      log.append({ group: group(1), entries: entries(2, 2) }, () => (acknowledged = true))
      await disk.idle()
      expect(acknowledged).toBe(false)
    })
  }

  test('opening on a full disk is refused, not fatal', async () => {
    const disk = new MemoryDisk()
    disk.refuse = (action) => (action === 'write' ? 'full' : undefined)
    await expect(openTestLog(disk)).rejects.toMatchObject({ code: 'disk' })
  })
})
