import { expect, test } from 'vitest'
import { overSeeds, type Proposal } from './scenario-cluster.ts'
import { describeSeeds, testSeeds } from './test-seeds.ts'

const seeds = testSeeds(process.env.DURE_SEED)
console.log(describeSeeds(seeds))

test('RPCBytes: the bytes of a command travel once to each peer', () => {
  overSeeds(seeds, { nodes: 3 }, (cluster) => {
    const COUNT = 10
    const BYTES = 5_000
    cluster.agree()
    cluster.messages.reset()
    const startMs = cluster.world.nowMs
    for (let i = 0; i < COUNT; i++) cluster.agree({ on: 3, bytes: BYTES })
    const heartbeats = (cluster.world.nowMs - startMs) / cluster.heartbeatIntervalMs
    const values = 2 * COUNT * BYTES
    expect(cluster.messages.bytes).toBeGreaterThan(values)
    // Envelopes and answers: far less than one value sent a second time.
    expect(cluster.messages.bytes).toBeLessThan(values + COUNT * 4 * 100 + heartbeats * 4 * 100)
  })
})

test('Count: an election, ten commands and an idle second each take only so many requests', () => {
  overSeeds(seeds, { nodes: 3 }, (cluster) => {
    const COUNT = 10
    const { messages } = cluster
    const leader = cluster.leader()
    expect(messages.requests()).toBeGreaterThanOrEqual(1)
    expect(messages.requests(), 'to elect the first leader').toBeLessThanOrEqual(30)

    cluster.agree()
    messages.reset()
    const proposals: Proposal[] = []
    for (let i = 0; i < COUNT; i++) {
      proposals.push(cluster.propose(leader))
      cluster.run(1)
    }
    cluster.until('all are everywhere', () => proposals.every((proposal) => cluster.holders(proposal) === 3))
    expect(messages.requests(), 'for ten commands').toBeLessThanOrEqual((COUNT + 1 + 3) * 3)
    expect(cluster.leader()).toBe(leader)

    cluster.run(500)
    messages.reset()
    cluster.run(1_000)
    const beats = 1_000 / cluster.heartbeatIntervalMs
    expect(messages.requests(), 'in an idle second').toBeLessThanOrEqual(2 * (beats + 1))
    expect(messages.count(), 'with their answers').toBeLessThanOrEqual(4 * (beats + 1))
    expect(messages.count('heartbeat'), 'it lives').toBeGreaterThanOrEqual(2 * (beats - 2))
    expect(messages.count('append-request', 'snapshot-chunk', 'vote-request')).toBe(0)
  })
})
