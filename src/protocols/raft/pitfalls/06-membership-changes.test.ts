import { expect, test } from 'vitest'
import { logIndex, nodeId, term } from '../../../foundation/ids.ts'
import { encodeMembershipChange } from '../confchange/membership-codec.ts'
import type { MembershipStep } from '../membership.ts'
import { Cluster } from '../testing/cluster.ts'
import { Solo, sent } from '../testing/solo.ts'

const add = (node: number): MembershipStep => ({ kind: 'add-voter', node: nodeId(node) })
const remove = (node: number): MembershipStep => ({ kind: 'remove', node: nodeId(node) })

function answer(cluster: Cluster, token: number): string {
  const found = cluster.answers.get(token)
  return found?.type === 'refused' ? found.reason : (found?.type ?? 'none')
}

test('no change before an entry of the own term is committed and handed out', () => {
  const cluster = new Cluster()
  cluster.elect(1)
  cluster.stand(2)
  cluster.settle(({ type }) => type === 'append-response')
  expect(cluster.leader?.id).toBe(2)
  expect(answer(cluster, cluster.change(2, { transition: 'auto', steps: [remove(3)] }))).toBe(
    'membership-busy',
  )
  cluster.run(200)
  expect(answer(cluster, cluster.change(2, { transition: 'auto', steps: [remove(3)] }))).toBe('proposed')
})

test('one change at a time', () => {
  const cluster = new Cluster()
  cluster.elect(1)
  cluster.add(nodeId(4))
  expect(answer(cluster, cluster.change(1, { transition: 'auto', steps: [add(4)] }))).toBe('proposed')
  expect(answer(cluster, cluster.change(1, { transition: 'auto', steps: [remove(3)] }))).toBe(
    'membership-busy',
  )
  cluster.settle()
  expect(cluster.leader?.raft.membership.voters).toEqual([1, 2, 3, 4])
  expect(answer(cluster, cluster.change(1, { transition: 'auto', steps: [remove(3)] }))).toBe('proposed')
})

test('a change that makes no sense is refused, not appended', () => {
  const cluster = new Cluster({ voters: 1 })
  cluster.elect(1)
  for (const steps of [[], [remove(1)]]) {
    expect(answer(cluster, cluster.change(1, { transition: 'auto', steps }))).toBe('membership-invalid')
  }
})

test('a joint configuration is left although the leader that entered it is gone', () => {
  const cluster = new Cluster()
  cluster.elect(1)
  cluster.add(nodeId(4))
  cluster.change(1, { transition: 'auto', steps: [add(4), remove(3)] })
  // Everybody learns that it is entered, nobody gets the entry that leaves it.
  cluster.settle(
    (message) => message.type === 'append-request' && message.entries.some(({ index }) => index >= 3),
  )
  cluster.crash(1)
  cluster.network.length = 0
  expect(cluster.node(2).raft.membership.votersOutgoing).toEqual([])
  cluster.run(3_000)
  expect(cluster.leader?.raft.membership).toMatchObject({ voters: [1, 2, 4], votersOutgoing: [] })
})

test('a recovered joint configuration is left by whoever leads next, after a restart of all', () => {
  const cluster = new Cluster()
  cluster.elect(1)
  cluster.add(nodeId(4))
  cluster.change(1, { transition: 'auto', steps: [add(4), remove(3)] })
  cluster.settle(
    (message) => message.type === 'append-request' && message.entries.some(({ index }) => index >= 3),
  )
  cluster.run(
    60,
    (message) => message.type === 'append-request' && message.entries.some(({ index }) => index >= 3),
  )
  for (const node of cluster.nodes.values()) node.flushTable()
  expect(cluster.node(2).table.membership.votersOutgoing).toEqual([1, 2, 3])
  cluster.network.length = 0
  for (const id of cluster.nodes.keys()) cluster.crash(id)
  for (const id of [2, 3, 4]) cluster.restart(id)
  cluster.run(4_000)
  expect(cluster.leader?.raft.membership).toMatchObject({
    voters: [1, 2, 4],
    votersOutgoing: [],
    autoLeave: false,
  })
})

test('an explicit joint configuration stays until it is told to be left, and both majorities decide in it', () => {
  const cluster = new Cluster()
  cluster.elect(1)
  for (const id of [4, 5]) cluster.add(nodeId(id))
  cluster.change(1, { transition: 'joint-explicit', steps: [add(4), add(5), remove(2), remove(3)] })
  cluster.run(200)
  expect(cluster.leader?.raft.membership.votersOutgoing).toEqual([1, 2, 3])
  // 1, 4 and 5 are all of the new half, and one of three of the old one.
  const before = cluster.leader!.raft.commitIndex
  cluster.propose(1, new Uint8Array(1))
  cluster.settle(({ from, to }) => [2, 3].includes(from) || [2, 3].includes(to))
  expect(cluster.leader!.raft.commitIndex).toBe(before)
  cluster.run(200)
  expect(cluster.leader!.raft.commitIndex).toBe(before + 1)
  cluster.change(1, { transition: 'auto', steps: [] })
  cluster.run(200)
  expect(cluster.leader?.raft.membership).toMatchObject({ voters: [1, 4, 5], votersOutgoing: [] })
})

test('nobody stands while a committed change is not handed out: it would count votes by an outdated membership', () => {
  const solo = new Solo({ log: [1] })
  const data = encodeMembershipChange({ transition: 'auto', steps: [add(4)] })
  solo.receive({
    type: 'append-request',
    from: nodeId(2),
    term: term(1),
    previousLogIndex: logIndex(1),
    previousLogTerm: term(1),
    commitIndex: logIndex(2),
    entries: [{ index: logIndex(2), term: term(1), kind: 'membership', data }],
  })
  // Its disk has not written it yet, so it is committed and not handed out.
  expect(sent(solo.tick(1_000), 'vote-request')).toEqual([])
  solo.persisted()
  expect(solo.raft.membership.voters).toEqual([1, 2, 3, 4])
  expect(sent(solo.tick(300), 'vote-request').map(({ to }) => to)).toEqual([2, 3, 4])
})

test('a removed node does not stand; a leader that removes itself leads until that is committed', () => {
  const cluster = new Cluster()
  cluster.elect(1)
  cluster.change(1, { transition: 'auto', steps: [remove(1)] })
  expect(cluster.leader?.id).toBe(1)
  cluster.settle()
  expect(cluster.roles()).toEqual(['follower', 'follower', 'follower'])
  const asked: string[] = []
  cluster.run(3_000, (message) => {
    if (message.from === 1) asked.push(message.type)
    return false
  })
  expect(asked.filter((type) => type === 'vote-request')).toEqual([])
  expect([2, 3]).toContain(cluster.leader?.id)
})

test('the last voter learns from a removed leader that it is alone now', () => {
  const cluster = new Cluster({ voters: 2 })
  cluster.elect(1)
  cluster.change(1, { transition: 'auto', steps: [remove(1)] })
  cluster.propose(1, new Uint8Array(1))
  // The proposal after it, and the news that it is committed, never arrive: node 1 has the longer log and cannot lead.
  cluster.settle(
    (message) =>
      message.type === 'append-request' &&
      (message.entries.length === 0 || message.entries.some(({ index }) => index > 2)),
  )
  expect(cluster.node(1).raft).toMatchObject({ role: 'follower', lastIndex: 3, commitIndex: 2 })
  expect(cluster.node(2).raft).toMatchObject({ lastIndex: 2, commitIndex: 1 })
  cluster.run(2_000)
  expect(cluster.leader?.id).toBe(2)
})

test('a learner gets everything, decides nothing and does not stand', () => {
  const cluster = new Cluster()
  cluster.elect(1)
  cluster.add(nodeId(4))
  cluster.change(1, { transition: 'auto', steps: [{ kind: 'add-learner', node: nodeId(4) }] })
  cluster.run(100)
  cluster.propose(1, new Uint8Array(1))
  cluster.settle(({ from, to }) => [2, 3].includes(from) || [2, 3].includes(to))
  const { raft } = cluster.node(4)
  expect(raft.lastIndex).toBe(cluster.leader!.raft.lastIndex)
  expect(cluster.leader!.raft.commitIndex).toBeLessThan(raft.lastIndex)
  cluster.nowMs += 2_000
  cluster.tick(4)
  expect(raft.role).toBe('follower')
})
