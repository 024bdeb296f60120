import { expect, test } from 'vitest'
import { utf8 } from '../../../foundation/bytes.ts'
import { Cluster } from '../testing/cluster.ts'
import { ofType, Solo, sent } from '../testing/solo.ts'

function leading(): Solo {
  const solo = new Solo()
  solo.lead()
  solo.persisted()
  solo.acknowledge(2, 1)
  return solo
}

test('an answer to a heartbeat that left before a read began does not confirm it', () => {
  const solo = leading()
  const first = solo.read()
  const before = sent(solo.effects, 'heartbeat').at(-1)!.readContext
  const second = solo.read()
  const effects = solo.heartbeatResponse(2, before)
  expect(ofType(effects, 'read').map(({ token }) => token)).toEqual([first])
  // The late answer of the other follower to the same heartbeat says nothing about the second read.
  expect(ofType(solo.heartbeatResponse(3, before), 'read')).toEqual([])
  const after = sent(effects, 'heartbeat').at(-1)!.readContext
  expect(ofType(solo.heartbeatResponse(3, after), 'read').map(({ token }) => token)).toEqual([second])
})

test('each attempt has a context of its own, above all before it', () => {
  const solo = leading()
  solo.read()
  for (let i = 0; i < 5; i++) {
    // Both followers answer in time to keep it leading, but to no read.
    solo.heartbeatResponse(2, 0)
    solo.heartbeatResponse(3, 0)
    solo.tick(50)
  }
  const contexts = sent(solo.effects, 'heartbeat')
    .filter(({ to, readContext }) => to === 2 && readContext > 0)
    .map(({ readContext }) => readContext)
  expect(contexts.length).toBeGreaterThan(4)
  expect(contexts).toEqual([...new Set(contexts)].sort((left, right) => left - right))
})

test('answers that take longer than the heartbeat interval still confirm', () => {
  const solo = leading()
  const token = solo.read()
  const { readContext } = sent(solo.effects, 'heartbeat').at(-1)!
  solo.tick(50)
  solo.tick(50)
  expect(ofType(solo.heartbeatResponse(2, readContext), 'read')).toMatchObject([{ token }])
})

test('a leader that was paused and replaced meanwhile does not answer a read', () => {
  const cluster = new Cluster()
  cluster.elect(1)
  const stale = cluster.read(1)
  // Its heartbeats are answered, but 1 is paused before it sees the answers; the others go on without it.
  while (cluster.network.some(({ to }) => to !== 1)) {
    cluster.deliverAt(cluster.network.findIndex(({ to }) => to !== 1))
  }
  cluster.network.length = 0
  cluster.stand(2)
  cluster.settle(({ from, to }) => from === 1 || to === 1)
  cluster.propose(2, utf8('newer'))
  cluster.settle(({ from, to }) => from === 1 || to === 1)
  const read = cluster.read(1)
  cluster.run(100)
  expect(cluster.answers.get(stale)).toMatchObject({ type: 'refused', reason: 'leadership-lost' })
  expect(cluster.answers.get(read)).toMatchObject({ type: 'refused', reason: 'leadership-lost' })
})

test('a thousand reads at once cost two rounds of heartbeats', () => {
  const cluster = new Cluster()
  cluster.elect(1)
  let heartbeats = 0
  const tokens = Array.from({ length: 1_000 }, () => cluster.read(1))
  heartbeats += cluster.network.filter(({ type }) => type === 'heartbeat').length
  cluster.settle(({ type, readContext }: { type: string; readContext?: number }) => {
    if (type === 'heartbeat' && readContext === 2) heartbeats++
    return false
  })
  expect(tokens.every((token) => cluster.answers.get(token)?.type === 'read')).toBe(true)
  expect(heartbeats).toBe(4)
})
