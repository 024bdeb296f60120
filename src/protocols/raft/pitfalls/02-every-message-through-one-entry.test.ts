import { expect, test } from 'vitest'
import { logIndex, term } from '../../../foundation/ids.ts'
import { node, Solo, sent } from '../testing/solo.ts'

test('a heartbeat that overtakes an append commits only what the follower is known to match', () => {
  const solo = new Solo()
  solo.lead()
  solo.persisted()
  solo.acknowledge(2, 1)
  expect(solo.raft.commitIndex).toBe(1)
  const heartbeats = sent(solo.tick(50), 'heartbeat')
  // Node 3 has acknowledged nothing: what is committed may differ from what it holds at that place.
  expect(heartbeats.map(({ to, commitIndex }) => [to, commitIndex])).toEqual([
    [2, 1],
    [3, 0],
  ])
})

test('a heartbeat of an old leader is no sign of life, and a follower of a later term says so', () => {
  const solo = new Solo({ term: 3, log: [3] })
  const effects = solo.receive({
    type: 'heartbeat',
    from: node(2),
    term: term(2),
    commitIndex: logIndex(1),
    readContext: 1,
  })
  expect(solo.raft.commitIndex).toBe(0)
  expect(sent(effects, 'heartbeat-response')).toEqual([])
  expect(sent(effects, 'append-response')).toMatchObject([{ accepted: false, term: 3 }])
  solo.tick(300)
  expect(solo.raft.role).toBe('pre-candidate')
})
