import { expect, test } from 'vitest'
import { utf8 } from '../../../foundation/bytes.ts'
import { term } from '../../../foundation/ids.ts'
import { Cluster } from '../testing/cluster.ts'
import { noCommit, node, Solo, sent } from '../testing/solo.ts'

const between = (a: number, b: number) => (message: { from: number; to: number }) =>
  (message.from === a && message.to === b) || (message.from === b && message.to === a)

test('a node that is cut off does not raise its term, and its return disturbs nobody', () => {
  const cluster = new Cluster()
  cluster.elect(1)
  cluster.run(5_000, ({ from, to }) => from === 3 || to === 3)
  expect(cluster.node(3).raft.term).toBe(1)
  cluster.run(1_000)
  expect(cluster.leader).toMatchObject({ id: 1, raft: { term: 1 } })
})

test('a follower that hears others but not the leader does not unseat it', () => {
  const cluster = new Cluster()
  cluster.elect(1)
  cluster.run(3_000, between(1, 3))
  expect(cluster.leader).toMatchObject({ id: 1, raft: { term: 1 } })
})

test('a leader that a majority does not hear steps down within two election timeouts, and the others go on', () => {
  const cluster = new Cluster({ voters: 5 })
  cluster.elect(1)
  cluster.run(2_000, ({ from, to }) => from <= 2 !== to <= 2)
  expect(cluster.node(1).raft.role).not.toBe('leader')
  expect(cluster.leader?.id).toBeGreaterThan(2)
})

test('a leader that can send but not receive steps down too', () => {
  const cluster = new Cluster()
  cluster.elect(1)
  cluster.run(2_000, ({ to }) => to === 1)
  expect([2, 3]).toContain(cluster.leader?.id)
  cluster.run(1_000)
  cluster.propose(cluster.leader!.id, utf8('x'))
  cluster.run(500)
  expect(new Set([...cluster.nodes.values()].map(({ table }) => table.index)).size).toBe(1)
})

test('a no with a higher term is heeded: the asker takes it and stands above it', () => {
  const solo = new Solo({ term: 2, log: [1, 2] })
  solo.tick(600)
  expect(sent(solo.effects, 'vote-request')[0]).toMatchObject({ preVote: true, term: 3 })
  solo.receive({
    ...noCommit,
    type: 'vote-response',
    from: node(2),
    term: term(7),
    preVote: true,
    granted: false,
  })
  expect(solo.raft).toMatchObject({ role: 'follower', term: 7 })
  const asked = solo.tick(600)
  expect(sent(asked, 'vote-request')[0]).toMatchObject({ preVote: true, term: 8 })
})

test('a node of a higher term with a shorter log does not lock the others out: the former leader leads again', () => {
  const cluster = new Cluster()
  cluster.elect(1)
  // 3 wins the pre-vote, takes a new term, and is cut off before it gets a vote.
  cluster.stand(3)
  cluster.settle((message) => message.type === 'vote-request' && message.from === 3 && !message.preVote)
  expect(cluster.node(3).raft.term).toBe(2)
  // What the others then write without it makes its log too short to win ever.
  cluster.propose(1, utf8('x'))
  cluster.run(1_000, ({ from, to }) => from === 3 || to === 3)
  cluster.run(4_000)
  const leader = cluster.leader!
  expect(leader.raft.commitIndex).toBe(leader.raft.lastIndex)
  expect([...cluster.nodes.values()].every(({ raft }) => raft.leader === leader.id)).toBe(true)
})
