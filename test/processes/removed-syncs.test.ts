import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ProcessCluster } from '../../src/fixture/process-cluster.ts'
import { utf8 } from '../../src/foundation/bytes.ts'
import { syncCallSites } from '../../src/proof/chaos/testing/sync-call-sites.ts'
import { MutatedTree } from './mutated-tree.ts'

const SITES = syncCallSites(join(import.meta.dirname, '../../src'))
const KEYS = 30

/**
 * A node writes, is killed on the disk that forgets what was not synced, and starts again. Resolves with what is wrong
 * then. What only a machine that loses power shows, `src/proof/chaos/removed-syncs.test.ts` looks for, at every sync.
 */
async function afterKill(program?: string): Promise<string | undefined> {
  await using cluster = await ProcessCluster.start({
    nodeCount: 1,
    args: ['--fault-disk', 'unsynced'],
    ...(program !== undefined && { program }),
  })
  {
    await using store = await cluster.connect()
    const writes = Array.from({ length: KEYS }, (_, i) => store.put(utf8(`k${i}`), utf8(String(i))))
    await Promise.all(writes)
    await cluster.kill(1)
  }
  try {
    await cluster.start(1)
  } catch (error) {
    return (error as Error).message
  }
  await using store = await cluster.connect()
  for (let i = 0; i < KEYS; i++) {
    const found = await store.get(utf8(`k${i}`))
    if (!found.exists) return `k${i} was acknowledged and is gone`
  }
  return undefined
}

test('with all its syncs a killed node has all that it acknowledged', async () => {
  expect(await afterKill()).toBeUndefined()
})

test.for([
  ['the write of a batch', /segmented-log\.ts:/, '.writeSynced(', '.write('],
  ["a new segment's name", /spare-segment\.ts:/, '.syncDirectory(', '.list('],
  ["the log's name", /open-log\.ts:/, '.syncDirectory(', '.list('],
  ["the identity's bytes", /identity-file\.ts:/, '.writeSynced(', '.write('],
] as const)('without the sync of %s it has not', async ([, file, synced, unsynced]) => {
  const problems: (string | undefined)[] = []
  for (const site of SITES.filter((place) => file.test(place))) {
    using tree = MutatedTree.make(site, synced, unsynced)
    if (tree !== undefined) problems.push(await afterKill(tree.program))
  }
  expect(problems).toEqual([expect.any(String)])
})
