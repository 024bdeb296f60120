import { describe, expect, test } from 'vitest'
import { ProcessCluster } from '../../src/fixture/process-cluster.ts'
import { RecordedLoad } from './recorded-load.ts'

const ROUNDS = 10
/** Enough that every key is written several times in each round. */
const WRITES = 150

/**
 * Each round: one node dies, another one in each round, and the others go on; then all that are left die at once. On a
 * plain disk this leaves the operating system's cache; on the other one nothing but what was synced.
 */
describe.concurrent.for([
  ['the plain disk', []],
  ['a disk that forgets what was not synced', ['--fault-disk', 'unsynced']],
] as const)('kill -9 under load on %s', ([, args]) => {
  test(`of any one node and of all, ${ROUNDS} times over, loses nothing acknowledged`, async () => {
    await using cluster = await ProcessCluster.start({ args })
    await using store = await cluster.connect()
    const load = new RecordedLoad(store)
    for (let round = 0; round < ROUNDS; round++) {
      await load.progress(WRITES)
      const first = round % 2 === 0 ? await cluster.leader() : 1 + (round % cluster.nodes.length)
      await cluster.kill(first)
      await load.progress(WRITES)
      const others = cluster.nodes.filter((node) => node !== first)
      await Promise.all(others.map((node) => cluster.kill(node)))
      await Promise.all(cluster.nodes.map((node) => cluster.start(node)))
    }
    await load.progress(WRITES)
    await load.stop()
    expect(await load.verdict()).toBeUndefined()
    await cluster.agreed()
  })
})
