import { expect, test } from 'vitest'
import { utf8 } from '../../../foundation/bytes.ts'
import { logIndex, term } from '../../../foundation/ids.ts'
import type { SnapshotMeta } from '../message.ts'
import { Cluster, membershipOf } from '../testing/cluster.ts'
import { node, ofType, Solo, sent } from '../testing/solo.ts'

const metaAt = (index: number, inTerm: number): SnapshotMeta => ({
  index: logIndex(index),
  term: term(inTerm),
  membership: membershipOf([node(1), node(2), node(3), node(4)]),
})

const chunk = (solo: Solo, meta: SnapshotMeta, position: number, last: boolean, inTerm = 5, from = 2) =>
  solo.receive({
    type: 'snapshot-chunk',
    from: node(from),
    term: term(inTerm),
    meta,
    chunk: position,
    last,
    bytes: new Uint8Array(1),
  })

const written = (solo: Solo, meta: SnapshotMeta, position: number) =>
  solo.step({ type: 'snapshot-written', index: meta.index, chunk: position })

/** All of a snapshot of one chunk, up to the point where the table is to be replaced. */
function receive(solo: Solo, meta: SnapshotMeta): void {
  chunk(solo, meta, 0, true)
  written(solo, meta, 0)
}

test('a log that conflicts is discarded, the table comes first, and the answer comes last', () => {
  const solo = new Solo({ log: [1, 1, 2, 2], term: 2 })
  const meta = metaAt(3, 4)
  receive(solo, meta)
  expect(ofType(solo.effects, 'install-snapshot')).toEqual([{ type: 'install-snapshot', meta }])
  expect(solo.raft.base.index).toBe(0)
  const effects = solo.step({ type: 'snapshot-installed', index: meta.index })
  expect(ofType(effects, 'persist')).toMatchObject([
    { reset: { index: 3, term: 4 }, entries: [], hardState: { commitIndex: 3 } },
  ])
  expect(ofType(effects, 'membership')).toMatchObject([{ membership: meta.membership, index: 3 }])
  expect(solo.raft).toMatchObject({
    lastIndex: 3,
    commitIndex: 3,
    appliedIndex: 3,
    base: { index: 3, term: 4 },
  })
  const installed = () => sent(solo.effects, 'snapshot-response').filter((response) => response.installed)
  expect(installed()).toEqual([])
  solo.persisted()
  expect(installed()).toMatchObject([{ index: 3, to: 2 }])
})

test('entries beyond the snapshot that agree with it stay', () => {
  const solo = new Solo({ log: [1, 1], term: 5 })
  const meta = metaAt(4, 5)
  receive(solo, meta)
  // While the table is being replaced, the leader sends the entries themselves.
  solo.append(2, 5, [2, 1], [5, 5, 5], 5)
  solo.persisted()
  expect(ofType(solo.effects, 'apply')).toEqual([])
  const effects = solo.step({ type: 'snapshot-installed', index: meta.index })
  expect(ofType(effects, 'persist').filter(({ reset }) => reset !== undefined)).toEqual([])
  expect(ofType(effects, 'apply').flatMap(({ entries }) => entries.map(({ index }) => index))).toEqual([5])
  expect(solo.raft.lastIndex).toBe(5)
})

test('nothing is applied, and nobody stands, while a snapshot becomes the table', () => {
  const solo = new Solo({ log: [1, 1], term: 5 })
  receive(solo, metaAt(9, 5))
  solo.append(2, 5, [2, 1], [], 2)
  expect(ofType(solo.effects, 'apply')).toEqual([])
  expect(sent(solo.tick(2_000), 'vote-request')).toEqual([])
})

test('entries that overtake a snapshot make it needless: it is not installed', () => {
  const solo = new Solo({ log: [1], term: 5 })
  const meta = metaAt(3, 5)
  chunk(solo, meta, 0, true)
  solo.append(2, 5, [1, 1], [5, 5, 5], 4)
  solo.persisted()
  written(solo, meta, 0)
  expect(ofType(solo.effects, 'install-snapshot')).toEqual([])
  expect(sent(solo.effects, 'snapshot-response').at(-1)).toMatchObject({ installed: true, index: 3 })
  expect(solo.raft.appliedIndex).toBe(4)
})

test('a snapshot whose place is in the log only moves the commit index', () => {
  const solo = new Solo({ log: [1, 1, 1], term: 5 })
  chunk(solo, metaAt(2, 1), 0, false)
  expect(solo.raft).toMatchObject({ commitIndex: 2, lastIndex: 3 })
  expect(ofType(solo.effects, 'write-snapshot')).toEqual([])
  solo.persisted()
  expect(sent(solo.effects, 'snapshot-response')).toMatchObject([{ installed: true, index: 2 }])
})

test('of two snapshots close together the newer one wins, and a late chunk of the older one is nothing', () => {
  const solo = new Solo({ term: 5 })
  const older = metaAt(10, 5)
  const newer = metaAt(20, 5)
  chunk(solo, older, 0, false)
  written(solo, older, 0)
  chunk(solo, newer, 0, false)
  written(solo, newer, 0)
  chunk(solo, older, 0, false)
  chunk(solo, older, 1, true)
  expect(ofType(solo.effects, 'write-snapshot').map(({ meta, chunk }) => [meta.index, chunk])).toEqual([
    [10, 0],
    [20, 0],
  ])
  chunk(solo, newer, 1, true)
  written(solo, newer, 1)
  // The table is being replaced: another one has to wait.
  chunk(solo, metaAt(30, 5), 0, true)
  expect(ofType(solo.effects, 'install-snapshot').map(({ meta }) => meta.index)).toEqual([20])
  solo.step({ type: 'snapshot-installed', index: newer.index })
  solo.persisted()
  receive(solo, metaAt(30, 5))
  expect(ofType(solo.effects, 'install-snapshot').map(({ meta }) => meta.index)).toEqual([20, 30])
})

test('what the host answers about a stream that was given up is not taken for the next one', () => {
  const solo = new Solo({ term: 5 })
  const meta = metaAt(10, 5)
  chunk(solo, meta, 0, false, 5)
  chunk(solo, meta, 1, false, 5)
  // Another leader sends the same snapshot; its chunks may be cut differently. It has to wait for the disk.
  chunk(solo, meta, 0, false, 6, 3)
  expect(ofType(solo.effects, 'write-snapshot')).toHaveLength(2)
  written(solo, meta, 0)
  written(solo, meta, 1)
  chunk(solo, meta, 0, false, 6, 3)
  chunk(solo, meta, 1, true, 6, 3)
  expect(ofType(solo.effects, 'write-snapshot')).toHaveLength(4)
  written(solo, meta, 0)
  expect(ofType(solo.effects, 'install-snapshot')).toEqual([])
  written(solo, meta, 1)
  expect(ofType(solo.effects, 'install-snapshot')).toHaveLength(1)
})

test('compaction does not take away what follows a snapshot that is on its way', () => {
  const cluster = new Cluster()
  cluster.elect(1)
  const without3 = ({ from, to }: { from: number; to: number }) => from === 3 || to === 3
  cluster.propose(1, utf8('a'), utf8('b'))
  cluster.settle(without3)
  cluster.compact(1)
  cluster.settle(without3)
  for (let i = 0; i < 20 && cluster.node(1).tableWork.length === 0; i++) {
    cluster.advance(50)
    while (cluster.network.length > 0) cluster.deliverAt(0)
  }
  expect(cluster.node(1).tableWork).toMatchObject([{ type: 'read-snapshot', to: 3, chunk: 0 }])
  cluster.workOnTable(1)
  const snapshotIndex = cluster.node(1).disk.table.index
  cluster.propose(1, utf8('c'), utf8('d'))
  cluster.settle(({ type, to }) => to === 3 && type === 'snapshot-chunk')
  cluster.compact(1)
  expect(cluster.node(1).raft.base.index).toBe(snapshotIndex)
  cluster.run(500)
  expect(cluster.node(3).table.index).toBe(cluster.node(1).raft.lastIndex)
  cluster.compact(1)
  expect(cluster.node(1).raft.base.index).toBe(cluster.node(1).raft.lastIndex)
})

test('lost chunks and lost answers are made up for at the pace of heartbeats', () => {
  const cluster = new Cluster()
  cluster.elect(1)
  const without3 = ({ from, to }: { from: number; to: number }) => from === 3 || to === 3
  cluster.propose(1, utf8('a'), utf8('b'))
  cluster.settle(without3)
  cluster.compact(1)
  let chunks = 0
  let dropped = 0
  cluster.run(1_500, (message) => {
    if (message.type === 'snapshot-chunk') chunks++
    const loses = (message.type === 'snapshot-chunk' || message.type === 'snapshot-response') && dropped < 12
    if (loses) dropped++
    return loses
  })
  expect(cluster.node(3).table.index).toBe(cluster.node(1).raft.lastIndex)
  expect(chunks).toBeLessThan(30)
})

test('a receiver that had everything and loses it before it is installed gets it again', () => {
  const cluster = new Cluster()
  cluster.elect(1)
  const without3 = ({ from, to }: { from: number; to: number }) => from === 3 || to === 3
  cluster.propose(1, utf8('a'), utf8('b'))
  cluster.settle(without3)
  cluster.compact(1)
  const three = cluster.node(3)
  const deliver = () => {
    while (cluster.network.length > 0) cluster.deliverAt(0)
  }
  for (let i = 0; i < 100 && !three.tableWork.some(({ type }) => type === 'install-snapshot'); i++) {
    cluster.advance(10)
    deliver()
    cluster.workOnTable(1)
    if (three.tableWork[0]?.type === 'write-snapshot') cluster.workOnTable(3)
  }
  deliver()
  expect(three.tableWork).toMatchObject([{ type: 'install-snapshot' }])
  cluster.crash(3)
  cluster.restart(3)
  cluster.run(1_000)
  expect(three.table.index).toBe(cluster.node(1).raft.lastIndex)
})

test.each([0, 1])(
  'a crash of the receiver around the installation (%i log writes done) is put right',
  (done) => {
    const cluster = new Cluster()
    cluster.elect(1)
    const without3 = ({ from, to }: { from: number; to: number }) => from === 3 || to === 3
    cluster.propose(1, utf8('a'), utf8('b'))
    cluster.settle(without3)
    cluster.compact(1)
    const { raft } = cluster.node(3)
    for (let i = 0; i < 100 && raft.base.index === 0; i++) {
      cluster.advance(10)
      while (cluster.network.length > 0) cluster.deliverAt(0)
      cluster.persist(1)
      cluster.workOnTable(1)
      cluster.workOnTable(3)
    }
    // The table is replaced, the log is not reset yet on disk.
    expect(cluster.node(3).disk).toMatchObject({ base: { index: 0 }, table: { index: raft.base.index } })
    cluster.crash(3, done)
    cluster.network.length = 0
    cluster.restart(3)
    expect(cluster.node(3).raft.appliedIndex).toBe(cluster.node(3).disk.table.index)
    cluster.propose(1, utf8('c'))
    cluster.run(500)
    expect(cluster.node(3).table.index).toBe(cluster.node(1).raft.lastIndex)
  },
)
