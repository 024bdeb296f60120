import { expect, test } from 'vitest'
import { utf8 } from '../../../foundation/bytes.ts'
import { raftDefaults } from '../config.ts'
import { Cluster } from '../testing/cluster.ts'
import { Solo } from '../testing/solo.ts'

test('heartbeats alone do not keep a leader whose disk makes no progress', () => {
  const cluster = new Cluster()
  cluster.elect(1)
  cluster.propose(1, utf8('x'))
  // The disk of node 1 hangs: its writes are never done.
  const end = cluster.nowMs + raftDefaults.durableProgressTimeoutMs + 2_000
  while (cluster.nowMs < end) {
    cluster.advance(10)
    while (cluster.network.length > 0) cluster.deliverAt(0)
    cluster.persist(2)
    cluster.persist(3)
    if (cluster.nowMs < end - 2_100) expect(cluster.node(1).raft.role).toBe('leader')
  }
  expect(cluster.node(1).raft.role).toBe('follower')
  expect([2, 3]).toContain(cluster.leader?.id)
  // It does not stand again while it hangs, and is an ordinary member when it does not.
  cluster.run(1_000)
  expect(cluster.node(1).table.index).toBe(cluster.leader!.table.index)
})

test('a node whose disk hangs does not stand', () => {
  const solo = new Solo()
  solo.append(2, 1, [0, 0], [1])
  solo.tick(raftDefaults.durableProgressTimeoutMs)
  solo.tick(600)
  expect(solo.raft.role).toBe('follower')
  solo.persisted()
  solo.tick(600)
  expect(solo.raft.role).toBe('pre-candidate')
})
