import { expect, test } from 'vitest'
import { overSeeds } from '../scenarios/scenario-cluster.ts'
import { describeSeeds, testSeeds } from '../scenarios/test-seeds.ts'

const seeds = testSeeds(process.env.DURE_SEED)
console.log(describeSeeds(seeds))

/** Flushed by time alone, and the log is kept: what is applied again is decided by the table. */
const storage = { flushBytesMax: 1 << 20, flushIntervalMs: 500, logKeepBytes: 1 << 20 }
const ROUNDS = 20
const WRITES_PER_ROUND = 10

test('a node that starts again goes on where its table is, though its log holds everything', () => {
  overSeeds(seeds, { nodes: 3, storage }, (cluster) => {
    for (let round = 0; round < ROUNDS; round++) {
      for (let i = 0; i < WRITES_PER_ROUND; i++) cluster.propose(cluster.leader())
      cluster.agree()
      cluster.run(200)
    }
    const node = cluster.others(cluster.leader())[0]!
    const { appliedIndex, table } = cluster.group(node)
    const durable = table.durablePosition.index
    // Two flush intervals hold some 40 of these.
    expect(durable).toBeGreaterThan(appliedIndex - 80)
    expect(cluster.raft(node).base.index, 'the log was not cut').toBe(0)
    cluster.restart(node)
    cluster.until('it is back', () => cluster.isUp(node))
    expect(cluster.group(node).appliedIndex).toBeGreaterThanOrEqual(durable)
    cluster.agree()
  })
})
