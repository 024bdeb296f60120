import { expect, test } from 'vitest'
import { utf8 } from '../../../foundation/bytes.ts'
import { logIndex } from '../../../foundation/ids.ts'
import type { Message } from '../message.ts'
import { Cluster } from '../testing/cluster.ts'
import { Solo } from '../testing/solo.ts'

test('an old entry on a majority is not committed by counting, only by an entry of the leader term after it', () => {
  const solo = new Solo({ voters: 5, log: [1, 2] })
  solo.lead()
  solo.persisted()
  for (const from of [2, 3, 4, 5]) solo.acknowledge(from, 2)
  expect(solo.raft.commitIndex).toBe(0)
  solo.acknowledge(2, 3)
  solo.acknowledge(3, 3)
  expect(solo.raft.commitIndex).toBe(3)
})

test('figure 8 played out: an old entry on a majority may still be replaced, so it was never applied', () => {
  const cluster = new Cluster({ voters: 5, config: { appendBytesMax: 1 } })
  const stand = (id: number, loses: (message: Message) => boolean) => {
    for (let tries = 0; tries < 4 && cluster.leader?.id !== id; tries++) {
      cluster.stand(id)
      cluster.settle(loses)
    }
    expect(cluster.leader?.id).toBe(id)
  }
  const entries = (message: Message) => (message.type === 'append-request' ? message.entries : [])
  cluster.elect(1)
  // (a) 1 leads in term 1 and brings an entry to 2 alone.
  cluster.propose(1, utf8('old'))
  cluster.settle((message) => entries(message).length > 0 && message.to !== 2)
  cluster.crash(1)
  // (b) 5 leads in a later term and writes an entry only for itself.
  stand(5, (message) => entries(message).length > 0)
  const five = cluster.node(5).raft
  expect(five.termAt(logIndex(2))).toBe(five.term)
  cluster.crash(5)
  cluster.network.length = 0
  // (c) 1 leads again. The old entry reaches a majority, its own no-op nobody.
  cluster.restart(1)
  stand(
    1,
    (message) => entries(message).some(({ term }) => term > 1) && cluster.node(message.to).raft.lastIndex > 1,
  )
  for (const id of [1, 2, 3]) expect(cluster.node(id).disk.termAt(2)).toBe(1)
  expect(cluster.node(1).raft.commitIndex).toBe(1)
  cluster.crash(1)
  cluster.network.length = 0
  // (d) 5 may win with its later term, and replaces the entry everywhere.
  cluster.restart(5)
  stand(5, () => false)
  cluster.restart(1)
  cluster.run(2_000)
  for (const { disk, table } of cluster.nodes.values()) {
    expect(disk.termAt(2)).toBe(five.term)
    expect(table).toMatchObject({ index: cluster.leader!.table.index, digest: cluster.leader!.table.digest })
  }
})
