import { describe, expect, test } from 'vitest'
import { nodeId } from '../../foundation/ids.ts'
import { batchOffsets, entry, group, hardState, openTestLog, owner, place } from '../testing/log-harness.ts'
import { MemoryDisk } from '../testing/memory-disk.ts'
import { SECTOR_BYTES, segmentName } from './segment.ts'

const SEGMENT = 8192
const path = (sequence: number): string => `log/${segmentName(sequence)}`
const open = (disk: MemoryDisk) => openTestLog(disk, { segmentBytes: SEGMENT })

/** A log of `count` batches, one entry each, two sectors each, over as many segments as they need. */
async function write(disk: MemoryDisk, count: number): Promise<void> {
  const { append } = await open(disk)
  for (let i = 1; i <= count; i++)
    await append({ group: group(1), entries: [entry(i, 1, new Uint8Array(700).fill(i))] })
  await disk.idle()
  disk.losePower()
}

const batchesOf = (disk: MemoryDisk, sequence: number): number[] => batchOffsets(disk.bytes(path(sequence)))

const used = (disk: MemoryDisk): number[] =>
  disk
    .paths()
    .filter((name) => name.startsWith('log/') && disk.bytes(name)[0] !== 0)
    .map((name) => Number(name.slice(4, 20)))

const flip = (disk: MemoryDisk, sequence: number, at: number): void =>
  disk.edit(path(sequence), (bytes) => {
    bytes[at]! ^= 0xff
    return undefined
  })

async function lastIndex(disk: MemoryDisk): Promise<number | undefined> {
  const { groups } = await open(disk)
  return groups[0]?.entries.at(-1)?.index
}

async function refusal(disk: MemoryDisk): Promise<{ code: string; message: string }> {
  const contents = () => disk.paths().map((name) => [name, Buffer.from(disk.bytes(name)).toString('base64')])
  const before = contents()
  const error = await open(disk).then(
    () => {
      throw new Error('the log was opened')
    },
    (reason: { code: string; message: string }) => reason,
  )
  expect(contents()).toEqual(before)
  return error
}

describe('recovery', () => {
  test('@A no segment: a new log', async () => {
    const disk = new MemoryDisk()
    expect((await open(disk)).groups).toEqual([])
  })

  test('@B valid batches, then zeros: goes on behind them', async () => {
    const disk = new MemoryDisk()
    await write(disk, 2)
    const { append, groups } = await open(disk)
    expect(groups[0]!.entries.length).toBe(2)
    await append({ group: group(1), entries: [entry(3)] })
    disk.losePower()
    expect(await lastIndex(disk)).toBe(3)
  })

  test('@C a bad batch at the very end: torn, cut, and never back', async () => {
    for (const at of [0, 5, 45, SECTOR_BYTES, SECTOR_BYTES + 100]) {
      const disk = new MemoryDisk()
      await write(disk, 3)
      const torn = batchesOf(disk, 1).at(-1)!
      flip(disk, 1, torn + at)
      expect(await lastIndex(disk)).toBe(2)
      disk.losePower()
      expect([...disk.bytes(path(1)).subarray(torn)].every((byte) => byte === 0)).toBe(true)
      flip(disk, 1, torn + at)
      expect(await lastIndex(disk)).toBe(2)
    }
  })

  test('@C a tail of which only later sectors arrived', async () => {
    const disk = new MemoryDisk()
    await write(disk, 3)
    const torn = batchesOf(disk, 1).at(-1)!
    disk.edit(path(1), (bytes) => void bytes.fill(0, torn, torn + SECTOR_BYTES))
    expect(await lastIndex(disk)).toBe(2)
    disk.losePower()
    expect([...disk.bytes(path(1)).subarray(torn)].every((byte) => byte === 0)).toBe(true)
  })

  test('@D a bad batch with a valid later one: corruption, refused with file and offset', async () => {
    const disk = new MemoryDisk()
    await write(disk, 4)
    const bad = batchesOf(disk, 1).at(-2)!
    flip(disk, 1, bad + 60)
    const { code, message } = await refusal(disk)
    expect(code).toBe('corrupt')
    expect(message).toContain(
      `${path(1)} is damaged at offset ${bad}: expected batch 4, found a batch that fails its checksum`,
    )
    expect(message).toContain('later batch 5 is intact')
    expect(message).toContain('dure member replace')
  })

  test('@E a bad batch at the end of a segment that is not the last: corruption', async () => {
    const disk = new MemoryDisk()
    await write(disk, 12)
    expect(used(disk).length).toBeGreaterThan(1)
    flip(disk, 1, batchesOf(disk, 1).at(-1)! + 60)
    expect(await refusal(disk)).toMatchObject({ code: 'corrupt', message: expect.stringContaining(path(1)) })
  })

  test('@F a write that was lost, later ones arrived: corruption', async () => {
    const disk = new MemoryDisk()
    await write(disk, 4)
    const [, , lost, next] = batchesOf(disk, 1)
    disk.edit(path(1), (bytes) => void bytes.fill(0, lost, next))
    expect(await refusal(disk)).toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining('found zeros'),
    })
  })

  test('@F the last write of a segment was lost: the next segment tells', async () => {
    const disk = new MemoryDisk()
    await write(disk, 12)
    const lost = batchesOf(disk, 1).at(-1)!
    disk.edit(path(1), (bytes) => void bytes.fill(0, lost))
    expect(await refusal(disk)).toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining('found zeros'),
    })
  })

  test('@G a write that went astray: corruption, wherever it landed', async () => {
    for (const shift of [SECTOR_BYTES, 4 * SECTOR_BYTES]) {
      const disk = new MemoryDisk()
      await write(disk, 4)
      const [, , from, to] = batchesOf(disk, 1)
      disk.edit(path(1), (bytes) => {
        const batch = bytes.slice(from, to)
        bytes.fill(0, from)
        bytes.set(batch, from! + shift)
        return undefined
      })
      expect(await refusal(disk)).toMatchObject({
        code: 'corrupt',
        message: expect.stringContaining(`offset ${from}, is at offset ${from! + shift}`),
      })
    }
  })

  test('@G a write that went astray over an older one: corruption', async () => {
    const disk = new MemoryDisk()
    await write(disk, 4)
    const [, over, from, to] = batchesOf(disk, 1)
    disk.edit(path(1), (bytes) => {
      const batch = bytes.slice(from, to)
      bytes.fill(0, from, to)
      bytes.set(batch, over)
      return undefined
    })
    expect((await refusal(disk)).code).toBe('corrupt')
  })

  test('@H bytes of an older batch behind the last one are not taken', async () => {
    const disk = new MemoryDisk()
    await write(disk, 3)
    const [, older, next] = batchesOf(disk, 1)
    const end = batchesOf(disk, 1).at(-1)! + 2 * SECTOR_BYTES
    disk.edit(path(1), (bytes) => void bytes.set(bytes.slice(older, next), end))
    expect(await lastIndex(disk)).toBe(3)
    disk.losePower()
    expect([...disk.bytes(path(1)).subarray(end)].every((byte) => byte === 0)).toBe(true)
  })

  test('@H a value that holds a batch of this very log, torn, is not taken for one', async () => {
    const disk = new MemoryDisk()
    const { append } = await open(disk)
    await append({ group: group(1), entries: [entry(1)] })
    await disk.idle()
    const [, first] = batchesOf(disk, 1)
    const stolen = disk.bytes(path(1)).slice(first, first! + SECTOR_BYTES)
    // Aligned so that it begins a sector.
    const head = 40 + 8
    const value = new Uint8Array(SECTOR_BYTES - head + SECTOR_BYTES)
    value.set(stolen, SECTOR_BYTES - head)
    for (let padding = 0; padding < 12; padding++) {
      const fork = disk.fork()
      const log = await open(fork)
      const data = value.slice(padding)
      await log.append({ group: group(1), entries: [entry(2, 1, data)] })
      await fork.idle()
      fork.losePower()
      flip(fork, 1, batchesOf(fork, 1)[2]! + 6)
      expect(await lastIndex(fork)).toBe(1)
    }
  })

  test('@I rolling was torn: the segment is made anew', async () => {
    for (const damage of [[0], [0, 2 * SECTOR_BYTES - 500], [40], [SECTOR_BYTES + 5]]) {
      const disk = new MemoryDisk()
      let count = 5
      do {
        disk.delete(path(1))
        disk.delete(path(2))
        disk.delete(path(3))
        await write(disk, ++count)
      } while (used(disk).length < 2)
      for (const at of damage) flip(disk, 2, at)
      expect(await lastIndex(disk)).toBe(count - 1)
      const { append } = await open(disk)
      await append({ group: group(1), entries: [entry(count, 9)] })
      disk.losePower()
      expect(await lastIndex(disk)).toBe(count)
    }
  })

  test('@I rolling was torn behind the header: vote and base are not lost with the older segment', async () => {
    const whole = new MemoryDisk()
    const first = await open(whole)
    await first.append({ group: group(1), hardState: hardState(7, 2, 4) })
    for (let i = 1; i <= 4; i++) await first.append({ group: group(1), entries: [entry(i)] })
    await first.append({ group: group(1), compacted: place(4) })
    await whole.idle()
    const disk = whole.fork()
    await first.append({ group: group(1), entries: [entry(5, 1, new Uint8Array(SEGMENT - 4_000))] })
    // The batch that begins segment 2 was in flight: its first sector arrived, with the header, and nothing else.
    const header = whole.bytes(path(2)).slice(0, SECTOR_BYTES)
    disk.edit(path(2), (bytes) => {
      bytes.set(header)
      return undefined
    })
    disk.losePower()
    expect(used(disk)).toEqual([1, 2])
    const { append } = await open(disk)
    // Segment 1 holds no entry that is needed, yet it alone says where the group stands.
    for (let i = 5; i <= 7; i++)
      await append({ group: group(1), entries: [entry(i, 7, new Uint8Array(2_000))] })
    await disk.idle()
    disk.losePower()
    const { groups } = await open(disk)
    expect(groups[0]).toMatchObject({ hardState: hardState(7, 2, 4), base: place(4) })
    expect(groups[0]!.entries.map(({ index }) => index as number)).toEqual([5, 6, 7])
  })

  test('@J a segment without a header, in use: corruption', async () => {
    const disk = new MemoryDisk()
    await write(disk, 12)
    const last = used(disk).at(-1)!
    const middle = disk.fork()
    flip(middle, last - 1, 30)
    expect(await refusal(middle)).toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining('a later segment is in use'),
    })
    expect(batchesOf(disk, last).length).toBeGreaterThan(1)
    flip(disk, last, 30)
    expect(await refusal(disk)).toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining('expected the header'),
    })
  })

  test('@K a segment of the middle, or the first that is needed, is missing: refused', async () => {
    const disk = new MemoryDisk()
    await write(disk, 26)
    expect(used(disk)).toEqual([1, 2, 3, 4])
    for (const missing of [1, 2, 3]) {
      const fork = disk.fork()
      fork.delete(path(missing))
      expect(await refusal(fork)).toMatchObject({
        code: 'corrupt',
        message: expect.stringContaining(`${path(missing)} is missing`),
      })
    }
  })

  test('@L segments that were given up and are still there, or some of them, are removed', async () => {
    const disk = new MemoryDisk()
    await write(disk, 26)
    const before = disk.fork()
    const { append } = await open(disk)
    await append({ group: group(1), compacted: place(26) })
    await append({ group: group(1), entries: [entry(27)] })
    await disk.idle()
    expect(used(disk)).toEqual([4])
    disk.put(path(1), before.bytes(path(1)))
    disk.put(path(3), before.bytes(path(3)))
    expect(await lastIndex(disk)).toBe(27)
    await disk.idle()
    expect(used(disk)).toEqual([4])
  })

  test('@M a segment of another node, of another cluster, or under another name: refused', async () => {
    const disk = new MemoryDisk()
    await write(disk, 12)
    const asOther = { clusterId: 'test', nodeId: nodeId(2) }
    await expect(openTestLog(disk.fork(), { owner: asOther })).rejects.toMatchObject({
      code: 'data-directory',
      message: expect.stringContaining('belongs to node 1 of cluster test, but this is node 2'),
    })
    await expect(openTestLog(disk.fork(), { owner: { ...owner, clusterId: 'other' } })).rejects.toMatchObject(
      { code: 'data-directory' },
    )
    disk.put(path(2), disk.bytes(path(1)))
    expect(await refusal(disk)).toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining('segment 1 under its name'),
    })
  })

  test('@N a newer format: refused', async () => {
    const disk = new MemoryDisk()
    await write(disk, 2)
    disk.edit(path(1), (bytes) => void (bytes[11] = 2))
    expect(await refusal(disk)).toMatchObject({
      code: 'data-directory',
      message: expect.stringContaining('newer version'),
    })
  })

  test('@O a segment that was prepared, whole or in part, is made anew', async () => {
    for (const size of [0, 100, SEGMENT]) {
      const disk = new MemoryDisk()
      await write(disk, 2)
      disk.put(path(2), new Uint8Array(size))
      expect(await lastIndex(disk)).toBe(2)
      await disk.idle()
      expect(disk.bytes(path(2)).length).toBe(SEGMENT)
    }
  })

  test('@P entries that no batch brings, though all are there, are refused', async () => {
    const disk = new MemoryDisk()
    await write(disk, 26)
    const fork = disk.fork()
    const { append } = await open(fork)
    // Says that segments are given up which are needed: what no correct program writes.
    await append({ group: group(1), hardState: hardState(2, 1, 0) })
    await fork.idle()
    const { encodeReleased } = await import('./record-encoder.ts')
    const { BatchBuffer, BODY_AT } = await import('./batch-buffer.ts')
    const { BATCH_HEADER_BYTES, readBatch, writeBatchHeader } = await import('./batch.ts')
    fork.edit(path(4), (bytes) => {
      const view = new DataView(bytes.buffer)
      const last = batchesOf(fork, 4).at(-1)!
      const { salt, sequence } = readBatch(bytes, view, last)!
      const buffer = new BatchBuffer()
      encodeReleased(buffer, 3)
      buffer.pad()
      const header = { salt, segment: 4, sequence, offsetBytes: last }
      writeBatchHeader(buffer.bytes, buffer.view, BODY_AT - BATCH_HEADER_BYTES, buffer.bodyBytes, header)
      bytes.set(buffer.bytes.subarray(BODY_AT - BATCH_HEADER_BYTES, BODY_AT + buffer.bodyBytes), last)
      return undefined
    })
    fork.delete(path(1))
    fork.delete(path(2))
    expect(await refusal(fork)).toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining('entry 1 of group 1'),
    })
  })
})
