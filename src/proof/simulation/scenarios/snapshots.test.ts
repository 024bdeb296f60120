import { expect, test } from 'vitest'
import type { NodeId } from '../../../foundation/ids.ts'
import { type ClusterShape, overSeeds, type ScenarioCluster } from './scenario-cluster.ts'
import { describeSeeds, testSeeds } from './test-seeds.ts'

const seeds = testSeeds(process.env.DURE_SEED)
console.log(describeSeeds(seeds))

/** Entries that a log may hold before it is cut, about: ten values with their rows. */
const FLUSH_BYTES = 600
const VALUE_BYTES = 40
const LOG_BYTES_MAX = 8_192

/** Tables are flushed and logs cut all the time, and nothing is kept for those who were away. */
const storage = { flushBytesMax: FLUSH_BYTES, flushIntervalMs: 200, logKeepBytes: 0, segmentBytes: 8_192 }

test('SnapshotBasic: logs are cut as tables are flushed, and nothing is missed', () => {
  overSeeds(seeds, { nodes: 3, storage }, (cluster) => {
    cluster.agree()
    for (let round = 0; round < 10; round++) proposeMany(cluster, cluster.leader(), 3)
    for (const id of cluster.ids) expect(cluster.raft(id).base.index).toBeGreaterThan(30)
    expect(cluster.messages.count('snapshot-chunk'), 'nobody was away').toBe(0)
  })
})

test('SnapshotInstall: who was cut off for long gets a snapshot', () => {
  snapshots({ away: 'cut off' })
})

test('SnapshotInstallUnreliable: the same while a tenth of all messages is lost', () => {
  snapshots({ away: 'cut off', unreliable: true })
})

test('SnapshotInstallCrash: who was down for long gets a snapshot', () => {
  snapshots({ away: 'crashed' })
})

test('SnapshotInstallUnCrash: the same while a tenth of all messages is lost', () => {
  snapshots({ away: 'crashed', unreliable: true })
})

test('SnapshotAllCrash: after a crash of all, tables and logs together hold everything', () => {
  overSeeds(seeds, { nodes: 3, storage }, (cluster) => {
    cluster.agree()
    for (let round = 0; round < 5; round++) {
      proposeMany(cluster, cluster.leader(), cluster.random.integer(5, 15))
      const { commitIndex } = cluster.raft(cluster.leader())
      cluster.restartAll()
      cluster.agree({ on: 3 })
      expect(cluster.raft(cluster.leader()).commitIndex).toBeGreaterThan(commitIndex)
    }
    for (const id of cluster.ids) expect(cluster.raft(id).base.index).toBeGreaterThan(10)
  })
})

function snapshots(options: { away: 'cut off' | 'crashed' } & Pick<ClusterShape, 'unreliable'>): void {
  overSeeds(seeds, { nodes: 3, storage, unreliable: options.unreliable ?? false }, (cluster) => {
    cluster.agree()
    for (let round = 0; round < 15; round++) {
      const leader = cluster.leader()
      // Every third time the leader itself is the one who misses everything.
      const victim = round % 3 === 1 ? leader : cluster.others(leader)[0]!
      if (options.away === 'crashed') cluster.crash(victim)
      else cluster.cutOff(victim)
      cluster.agree({ on: 2 })
      proposeMany(cluster, cluster.leader(), cluster.random.integer(15, 25))
      for (const id of cluster.connected) expect(cluster.raft(id).logBytes).toBeLessThan(LOG_BYTES_MAX)
      if (options.away === 'crashed') cluster.restart(victim)
      else cluster.reconnect(victim)
      cluster.until('the one who was away is back', () => cluster.connected.length === 3)
      cluster.agree({ on: 3 })
    }
    expect(cluster.messages.count('snapshot-chunk'), 'snapshots were needed').toBeGreaterThan(5)
  })
}

function proposeMany(cluster: ScenarioCluster, leader: NodeId, count: number): void {
  const proposals = Array.from({ length: count }, () => cluster.propose(leader, { bytes: VALUE_BYTES }))
  cluster.until('all have ended', () => proposals.every(({ outcome }) => outcome !== 'open'))
  // A flush is due soon after.
  cluster.run(2 * storage.flushIntervalMs)
}
