import { expect, test } from 'vitest'
import { nodeId } from '../../foundation/ids.ts'
import { claimDirectory } from '../identity/claim-directory.ts'
import { MemoryDisk } from '../testing/memory-disk.ts'

interface Start {
  readonly node: number
  readonly cluster?: string
  readonly initialize: boolean
}

const start = (
  disk: MemoryDisk,
  { node, cluster = 'seoul', initialize }: Start,
): Promise<Error | undefined> =>
  new Promise((resolve) =>
    claimDirectory({ disk, clusterId: cluster, nodeId: nodeId(node), initialize }, resolve),
  )

test('a node that comes back under its old id with an empty directory has forgotten its vote, and is refused', async () => {
  const refused = await start(new MemoryDisk(), { node: 3, initialize: false })
  expect(refused).toMatchObject({ code: 'forgotten', message: expect.stringContaining('node 3') })
})

test('nor may it begin on the directory of another node or another cluster', async () => {
  const disk = new MemoryDisk()
  expect(await start(disk, { node: 3, initialize: true })).toBeUndefined()
  for (const initialize of [true, false]) {
    expect(await start(disk, { node: 4, initialize })).toMatchObject({ code: 'data-directory' })
    expect(await start(disk, { node: 3, cluster: 'busan', initialize })).toMatchObject({
      code: 'wrong-cluster',
    })
  }
  expect(await start(disk, { node: 3, initialize: false })).toBeUndefined()
})
