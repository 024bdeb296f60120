import { expect, test } from 'vitest'
import { overSeeds } from './scenario-cluster.ts'
import { describeSeeds, testSeeds } from './test-seeds.ts'

const seeds = testSeeds(process.env.DURE_SEED)
console.log(describeSeeds(seeds))

test('Persist1: after a crash of all, of the leader, of a follower, everything is still there', () => {
  overSeeds(seeds, { nodes: 3 }, (cluster) => {
    cluster.agree()
    cluster.restartAll()
    cluster.agree({ on: 3 })

    const first = cluster.leader()
    cluster.restart(first)
    cluster.agree({ on: 3 })

    const second = cluster.leader()
    cluster.crash(second)
    cluster.agree({ on: 2 })
    cluster.restart(second)
    cluster.agree({ on: 3 })

    const [follower] = cluster.others(cluster.leader())
    cluster.crash(follower!)
    cluster.agree({ on: 2 })
    cluster.restart(follower!)
    cluster.agree({ on: 3 })
  })
})

test('Persist2: five nodes crash and return in turns, never three at once that know of each other', () => {
  overSeeds(seeds, { nodes: 5 }, (cluster) => {
    for (let round = 0; round < 4; round++) {
      cluster.agree({ on: 5 })
      const leader = cluster.leader()
      const [one, two, three, four] = cluster.others(leader)
      cluster.crash(one!)
      cluster.crash(two!)
      cluster.agree({ on: 3 })

      for (const id of [leader, three!, four!]) cluster.crash(id)
      cluster.restart(one!)
      cluster.restart(two!)
      cluster.run(cluster.electionTimeoutMs)
      cluster.restart(three!)
      cluster.agree({ on: 3 })
      cluster.restart(four!)
      cluster.restart(leader)
    }
    cluster.agree({ on: 5 })
  })
})

test('Persist3: the leader and a follower crash, the leader alone comes back, with a majority', () => {
  overSeeds(seeds, { nodes: 3 }, (cluster) => {
    cluster.agree({ on: 3 })
    const leader = cluster.leader()
    const [one, two] = cluster.others(leader)
    cluster.cutOff(two!)
    cluster.agree({ on: 2 })
    cluster.crash(leader)
    cluster.crash(one!)
    cluster.reconnect(two!)
    cluster.restart(leader)
    cluster.agree({ on: 2 })
    cluster.restart(one!)
    cluster.agree({ on: 3 })
  })
})

test('Figure8: an entry of an earlier term is not committed by counting its copies', () => {
  overSeeds(seeds, { nodes: 5 }, (cluster) => {
    const { random } = cluster
    cluster.agree({ on: 1 })
    for (let round = 0; round < 200; round++) {
      for (const id of cluster.ids) {
        if (cluster.isUp(id) && cluster.raft(id).role === 'leader') cluster.propose(id)
      }
      // Mostly so short that the entry gets nowhere, sometimes long enough for an election.
      const isLong = random.next() < 0.3
      cluster.run(isLong ? random.between(0, 2 * cluster.electionTimeoutMs) : random.between(0, 3))
      const leader = cluster.presentLeader
      if (leader !== undefined) cluster.crash(leader)
      if (cluster.connected.length < 3) {
        const down = cluster.ids.filter((id) => !cluster.isUp(id))
        cluster.restart(random.pick(down))
      }
    }
    for (const id of cluster.ids) if (!cluster.isUp(id)) cluster.restart(id)
    cluster.agree({ on: 5 })
    expect(cluster.term, 'there were many leaders').toBeGreaterThan(10)
  })
})
