import { expect, test } from 'vitest'
import { utf8 } from '../../../foundation/bytes.ts'
import { Cluster } from '../testing/cluster.ts'

test.each([[[1]], [[2]], [[2, 3]], [[1, 2, 3]]])(
  'disks of %j stall for 500 ms again and again, under load: nobody stands',
  (slow) => {
    const cluster = new Cluster()
    cluster.elect(1)
    const before = cluster.safety.committedIndex
    for (let at = 0; at < 10_000; at += 10) {
      cluster.advance(10)
      if (at % 50 === 0) cluster.propose(1, utf8(`${at}`))
      while (cluster.network.length > 0) cluster.deliverAt(0)
      for (const id of [1, 2, 3]) {
        const stalls = slow.includes(id) && at % 600 < 500
        if (!stalls) cluster.persist(id)
      }
      expect(cluster.leader?.id).toBe(1)
      for (const { raft } of cluster.nodes.values()) expect(raft.term).toBe(1)
    }
    cluster.settle()
    expect(cluster.safety.committedIndex).toBeGreaterThanOrEqual(before + 200)
  },
)

test('the whole machine stands still for two seconds: nobody is replaced', () => {
  const cluster = new Cluster({ voters: 5 })
  cluster.elect(1)
  for (let i = 0; i < 5; i++) {
    cluster.nowMs += 2_000
    cluster.run(2_000)
  }
  for (const { raft } of cluster.nodes.values()) expect(raft).toMatchObject({ term: 1, leader: 1 })
})
