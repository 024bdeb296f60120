import { expect, test } from 'vitest'
import type { ScenarioCluster } from './scenario-cluster.ts'
import { overSeeds } from './scenario-cluster.ts'
import { describeSeeds, testSeeds } from './test-seeds.ts'

const seeds = testSeeds(process.env.DURE_SEED)
console.log(describeSeeds(seeds))

test('LeadershipTransfer: leadership goes where it is sent, under load, and at once', () => {
  overSeeds(seeds, { nodes: 5 }, (cluster) => {
    cluster.leader()
    cluster.startClients(3)
    for (let round = 0; round < 8; round++) {
      cluster.run(100)
      const from = cluster.leader()
      const to = cluster.random.pick(cluster.others(from))
      const startMs = cluster.world.nowMs
      cluster.group(from).transferLeadership(to)
      cluster.until('the successor leads', () => cluster.presentLeader === to, cluster.electionTimeoutMs)
      expect(cluster.leader()).toBe(to)
      expect(cluster.world.nowMs - startMs, 'no election timeout was waited for').toBeLessThan(100)
    }
    servesClients(cluster)
  })
})

test('LeaderPartitions: leaders and others are cut off again and again, and every value is kept', () => {
  overSeeds(seeds, { nodes: 5 }, (cluster) => {
    const { random } = cluster
    cluster.leader()
    cluster.startClients(3)
    for (let round = 0; round < 8; round++) {
      const leader = cluster.leader()
      const friends = random.next() < 0.5 ? [] : [random.pick(cluster.others(leader))]
      const minority = random.next() < 0.7 ? [leader, ...friends] : cluster.others(leader).slice(0, 2)
      cluster.split(minority, cluster.others(...minority))
      cluster.run(random.between(100, 3 * cluster.electionTimeoutMs))
      cluster.heal()
    }
    servesClients(cluster)
  })
})

test('NoIssueSanity: without faults nobody stands for election a second time', () => {
  overSeeds(seeds, { nodes: 5 }, (cluster) => {
    const leader = cluster.leader()
    const { term } = cluster
    cluster.startClients(5, { thinkMs: 15 })
    cluster.messages.reset()
    cluster.run(2_500)
    expect(cluster.answered).toBeGreaterThan(300)
    expect(cluster.term).toBe(term)
    expect(cluster.leader()).toBe(leader)
    expect(cluster.messages.count('vote-request')).toBe(0)
    servesClients(cluster)
  })
})

test('SlowSendVote: a node whose requests for votes come late disturbs nobody', () => {
  overSeeds(seeds, { nodes: 5 }, (cluster) => {
    const [slow] = cluster.ids
    cluster.messages.slowDown((from, _to, { type }) => (from === slow && type === 'vote-request' ? 700 : 0))
    electTimeAndAgain(cluster)
  })
})

test('SlowRecvVote: a node that hears of elections late disturbs nobody', () => {
  overSeeds(seeds, { nodes: 5 }, (cluster) => {
    const [slow] = cluster.ids
    cluster.messages.slowDown((_from, to, { type }) =>
      (to as number) === slow && type === 'vote-request' ? 700 : 0,
    )
    electTimeAndAgain(cluster)
  })
})

function electTimeAndAgain(cluster: ScenarioCluster): void {
  cluster.leader()
  cluster.startClients(3)
  for (let round = 0; round < 4; round++) {
    const leader = cluster.leader()
    cluster.crash(leader)
    cluster.leader()
    cluster.restart(leader)
    cluster.until('it is back', () => cluster.isUp(leader))
    cluster.agree({ on: 5 })
    const { term } = cluster
    cluster.run(1_000)
    expect(cluster.term, 'votes that come late change nothing').toBe(term)
  }
  servesClients(cluster)
}

function servesClients(cluster: ScenarioCluster): void {
  const before = cluster.answered
  cluster.until('clients are answered', () => cluster.answered > before + 10)
}
