import { expect, test } from 'vitest'
import { raftDefaults } from '../config.ts'
import { Cluster } from '../testing/cluster.ts'
import { node, ofType, Solo, sent } from '../testing/solo.ts'

test('a leader that wakes from a pause answers nothing that a majority does not confirm, and soon steps down', () => {
  const solo = new Solo()
  solo.lead()
  solo.persisted()
  solo.acknowledge(2, 1)
  solo.read()
  const { heartbeatIntervalMs } = raftDefaults
  // It may have been replaced. It asks, for two heartbeats' time, and meanwhile only its word goes out.
  solo.pause(10_000)
  expect(solo.raft.role).toBe('leader')
  solo.read()
  solo.tick(2 * heartbeatIntervalMs)
  expect(solo.raft.role).toBe('follower')
  expect(ofType(solo.effects, 'read')).toEqual([])
  expect(ofType(solo.effects, 'refused')).toMatchObject([
    { reason: 'leadership-lost' },
    { reason: 'leadership-lost' },
  ])
})

test('whoever is always late still notices that nobody answers', () => {
  const solo = new Solo()
  solo.lead()
  for (let i = 0; i < 6; i++) solo.pause(raftDefaults.electionTimeoutMs / 2)
  expect(solo.raft.role).not.toBe('leader')
})

test('a read is confirmed by messages, never by the clock, also while leadership is handed over', () => {
  const solo = new Solo()
  solo.lead()
  solo.persisted()
  solo.acknowledge(2, 1)
  solo.acknowledge(3, 1)
  solo.step({ type: 'transfer-leadership', to: node(2) })
  solo.read()
  expect(ofType(solo.effects, 'read')).toEqual([])
})

test('voters that hear a leader answer its successor, and only then', () => {
  const solo = new Solo()
  solo.append(3, 1, [0, 0], [1])
  solo.persisted()
  solo.askForVote(2, 2, [1, 1])
  expect(solo.raft.term).toBe(1)
  solo.askForVote(2, 2, [1, 1], { transfer: true })
  expect(sent(solo.persisted(), 'vote-response')).toMatchObject([{ granted: true, term: 2 }])
})

test('a transfer hands over within one exchange; one that fails ends after an election timeout', () => {
  const cluster = new Cluster()
  cluster.elect(1)
  cluster.transfer(1, 3)
  const refused = cluster.propose(1, new Uint8Array(1))
  expect(cluster.answers.get(refused)).toMatchObject({ type: 'refused', reason: 'leader-changing' })
  cluster.settle()
  expect(cluster.leader?.id).toBe(3)

  cluster.transfer(3, 2)
  cluster.run(raftDefaults.electionTimeoutMs + 50, ({ type }) => type === 'timeout-now')
  expect(cluster.leader?.id).toBe(3)
  const token = cluster.propose(3, new Uint8Array(1))
  expect(cluster.answers.get(token)?.type).toBe('proposed')
})
