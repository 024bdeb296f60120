import { expect, test } from 'vitest'
import { overSeeds } from './scenario-cluster.ts'
import { describeSeeds, testSeeds } from './test-seeds.ts'

const seeds = testSeeds(process.env.DURE_SEED)
console.log(describeSeeds(seeds))

const WRITES = 300
const WRITE_BYTES = 200
/** One row never fills the table's memory, and time is long: only the log tells that a flush is due. */
const storage = {
  flushBytesMax: 1 << 20,
  flushIntervalMs: 600_000,
  flushLogBytesMax: 20 * WRITE_BYTES,
  logKeepBytes: 0,
}

test('one row, written again and again, does not make the log grow', () => {
  overSeeds(seeds, { nodes: 3, storage }, (cluster) => {
    const leader = cluster.leader()
    let longest = 0
    for (let i = 0; i < WRITES; i++) {
      cluster.propose(leader, { key: 'the one', bytes: WRITE_BYTES })
      cluster.run(20)
      for (const id of cluster.ids) {
        const { base, lastIndex } = cluster.raft(id)
        longest = Math.max(longest, lastIndex - base.index)
      }
    }
    cluster.agree()
    // A flush takes its time, and meanwhile writes go on.
    expect(longest).toBeLessThan(WRITES / 2)
  })
})
