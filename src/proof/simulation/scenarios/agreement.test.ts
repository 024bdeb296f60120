import { expect, test } from 'vitest'
import { overSeeds } from './scenario-cluster.ts'
import { describeSeeds, testSeeds } from './test-seeds.ts'

const seeds = testSeeds(process.env.DURE_SEED)
console.log(describeSeeds(seeds))

test('BasicAgree: each value reaches all nodes, and none before it was proposed', () => {
  overSeeds(seeds, { nodes: 3 }, (cluster) => {
    for (let i = 0; i < 5; i++) {
      expect(cluster.holders({ key: cluster.newKey() })).toBe(0)
      cluster.agree({ on: 3 })
    }
  })
})

test('FollowerFailure: two of three agree, one alone commits nothing', () => {
  overSeeds(seeds, { nodes: 3 }, (cluster) => {
    cluster.agree()
    const leader = cluster.leader()
    const [one, two] = cluster.others(leader)
    cluster.cutOff(one!)
    cluster.agree({ on: 2 })
    cluster.run(cluster.electionTimeoutMs)
    cluster.agree({ on: 2 })

    cluster.cutOff(two!)
    const lonely = cluster.propose(leader)
    cluster.run(2 * cluster.electionTimeoutMs)
    expect(cluster.holders(lonely)).toBe(0)
    expect(lonely.outcome).not.toBe('committed')
  })
})

test('LeaderFailure: the next leader goes on, and what the last one could not copy is not committed', () => {
  overSeeds(seeds, { nodes: 3 }, (cluster) => {
    cluster.agree()
    const first = cluster.leader()
    cluster.cutOff(first)
    cluster.agree({ on: 2 })
    cluster.run(cluster.electionTimeoutMs)
    cluster.agree({ on: 2 })

    const second = cluster.leader()
    cluster.cutOff(second)
    const lost = cluster.ids.filter((id) => cluster.isUp(id)).map((id) => cluster.propose(id))
    cluster.run(2 * cluster.electionTimeoutMs)
    for (const proposal of lost) expect(cluster.holders(proposal)).toBe(0)
  })
})

test('FailAgree: agreement goes on without a follower, and it catches up when it is back', () => {
  overSeeds(seeds, { nodes: 3 }, (cluster) => {
    cluster.agree()
    const [follower] = cluster.others(cluster.leader())
    cluster.cutOff(follower!)
    for (let i = 0; i < 4; i++) {
      cluster.agree({ on: 2 })
      if (i === 1) cluster.run(cluster.electionTimeoutMs)
    }
    cluster.reconnect(follower!)
    cluster.agree({ on: 3 })
    cluster.run(cluster.electionTimeoutMs)
    cluster.agree({ on: 3 })
  })
})

test('FailNoAgree: with three of five away nothing is committed, and all agree once they are back', () => {
  overSeeds(seeds, { nodes: 5 }, (cluster) => {
    cluster.agree()
    const leader = cluster.leader()
    const away = cluster.others(leader).slice(0, 3)
    cluster.cutOff(...away)
    const stuck = cluster.propose(leader)
    cluster.run(2 * cluster.electionTimeoutMs)
    expect(cluster.holders(stuck)).toBe(0)

    cluster.reconnect(...away)
    const next = cluster.leader()
    const proposal = cluster.propose(next)
    cluster.until('the proposal ends', () => proposal.outcome !== 'open')
    cluster.agree({ on: 5 })
  })
})

test('ConcurrentStarts: what is proposed at the same moment is committed, each of it once', () => {
  overSeeds(seeds, { nodes: 3 }, (cluster) => {
    const leader = cluster.leader()
    cluster.becomeQuiet()
    const { term } = cluster
    const { commitIndex } = cluster.raft(leader)
    const proposals = Array.from({ length: 5 }, () => cluster.propose(leader))
    cluster.until('all are everywhere', () => proposals.every((proposal) => cluster.holders(proposal) === 3))
    expect(proposals.map(({ outcome }) => outcome)).toEqual(proposals.map(() => 'committed'))
    expect(cluster.term).toBe(term)
    // Each value at a place of its own, and nothing else.
    expect(cluster.raft(leader).commitIndex).toBe(commitIndex + proposals.length)
  })
})

test('Rejoin: a leader that was cut off gives up what it alone has, also when the next one is cut off', () => {
  overSeeds(seeds, { nodes: 3 }, (cluster) => {
    cluster.agree()
    const first = cluster.leader()
    cluster.cutOff(first)
    const lost = [1, 2, 3].map(() => cluster.propose(first))
    cluster.agree({ on: 2 })

    const second = cluster.leader()
    cluster.cutOff(second)
    cluster.reconnect(first)
    cluster.agree({ on: 2 })
    cluster.reconnect(second)
    cluster.agree({ on: 3 })
    for (const proposal of lost) {
      expect(cluster.holders(proposal)).toBe(0)
      expect(proposal.outcome, 'nobody was told that it was done').not.toBe('committed')
    }
  })
})

test('Backup: logs that went far apart come together quickly', () => {
  overSeeds(seeds, { nodes: 5 }, (cluster) => {
    const COUNT = 50
    cluster.agree()
    const first = cluster.leader()
    const [friend, ...rest] = cluster.others(first)
    const minority = [first, friend!]
    cluster.cutOff(...rest)
    const lost = Array.from({ length: COUNT }, () => cluster.propose(first))
    cluster.run(cluster.electionTimeoutMs / 2)

    cluster.cutOff(...minority)
    cluster.reconnect(...rest)
    const second = cluster.leader()
    for (let i = 0; i < COUNT; i++) cluster.agree({ on: 3 })

    const [other] = rest.filter((id) => id !== second)
    cluster.cutOff(other!)
    const alsoLost = Array.from({ length: COUNT }, () => cluster.propose(second))
    cluster.run(cluster.electionTimeoutMs / 2)

    cluster.cutOff(...cluster.ids)
    cluster.reconnect(...minority, other!)
    for (let i = 0; i < COUNT; i++) cluster.agree({ on: 3 })

    cluster.reconnect(...cluster.ids)
    const startMs = cluster.world.nowMs
    cluster.agree({ on: 5 })
    expect(cluster.world.nowMs - startMs).toBeLessThan(5 * cluster.electionTimeoutMs)
    for (const proposal of [...lost, ...alsoLost]) expect(proposal.outcome).not.toBe('committed')
  })
})
