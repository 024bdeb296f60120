import { beforeEach, expect, test } from 'vitest'
import { nodeId, term } from '../../foundation/ids.ts'
import { Solo } from '../../protocols/raft/testing/solo.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { Simulation } from '../../runtime/simulated/simulation.ts'
import { hastenFirstElection } from './first-election.ts'

let world: Simulation
beforeEach(() => {
  world = new Simulation({ seed: 1 })
})

/** The first member of three in a world of which so many run; what it sends when it is hastened for a second. */
function asked(solo: Solo, running: number): readonly string[] {
  let runtime: Runtime | undefined
  for (let id = 1; id <= running; id++) {
    world.spawn(`node ${id}`, { nodeId: id }).start((given) => {
      if (id === 1) runtime = given
    })
  }
  world.run({ untilMs: 1 })
  const before = solo.effects.length
  hastenFirstElection(runtime!, { raft: solo.raft, campaign: () => solo.step({ type: 'campaign' }) })
  world.run({ untilMs: 1_000 })
  const sent = solo.effects
    .slice(before)
    .flatMap((effect) => (effect.type === 'send' ? [effect.message] : []))
  return sent.flatMap((message) =>
    message.type === 'vote-request' ? [`${message.to}${message.preVote ? ' before a vote' : ''}`] : [],
  )
}

test('the first member of a new cluster asks the others at once, and once', () => {
  expect(asked(new Solo(), 3)).toEqual(['2 before a vote', '3 before a vote'])
})

test('not before a majority can be reached', () => {
  expect(asked(new Solo(), 1)).toEqual([])
})

test('nobody stands who has voted before, or hears a leader', () => {
  expect(asked(new Solo({ term: 1 }), 3)).toEqual([])
  const solo = new Solo({ term: 4 })
  solo.receive({
    type: 'heartbeat',
    from: nodeId(2),
    term: term(4),
    commitIndex: 0,
    context: 0,
  } as unknown as Parameters<Solo['receive']>[0])
  expect(solo.raft.leader).toBe(2)
  solo.step({ type: 'campaign' })
  expect(solo.raft.role).toBe('follower')
})
