import { expect, test } from 'vitest'
import { segmentName } from '../log/segment.ts'
import { batchOffsets, entry, group, openTestLog } from '../testing/log-harness.ts'
import { MemoryDisk } from '../testing/memory-disk.ts'

const PATH = `log/${segmentName(1)}`
const BATCHES = 4
async function logOfBatches(): Promise<MemoryDisk> {
  const disk = new MemoryDisk()
  const { append } = await openTestLog(disk)
  for (let i = 1; i <= BATCHES; i++)
    await append({ group: group(1), entries: [entry(i, 1, new Uint8Array(700).fill(i))] })
  await disk.idle()
  disk.losePower()
  return disk
}

/** Flips bits in the so-manieth batch from the end. Answers where it begins. */
function damage(disk: MemoryDisk, fromEnd: number): number {
  const offset = batchOffsets(disk.bytes(PATH)).at(-fromEnd)!
  disk.edit(PATH, (bytes) => {
    bytes[offset + 60]! ^= 0xff
    return undefined
  })
  return offset
}

test('a torn tail is cut: what was acknowledged before it is there', async () => {
  const disk = await logOfBatches()
  damage(disk, 1)
  const { groups } = await openTestLog(disk)
  expect(groups[0]!.entries.map(({ index }) => index)).toEqual([1, 2, 3])
})

test.for([2, 3, 4])(
  'damage in the batch that is number %i from the end, with valid ones behind it, is refused with file and offset, and nothing is cut',
  async (fromEnd) => {
    const disk = await logOfBatches()
    const offset = damage(disk, fromEnd)
    const before = disk.bytes(PATH).slice()
    await expect(openTestLog(disk)).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringContaining(`${PATH} is damaged at offset ${offset}`),
    })
    expect(disk.bytes(PATH)).toEqual(before)
  },
)
