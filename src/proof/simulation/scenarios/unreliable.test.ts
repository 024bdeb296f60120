import { test } from 'vitest'
import { overSeeds, type ScenarioCluster } from './scenario-cluster.ts'
import { describeSeeds, testSeeds } from './test-seeds.ts'

const seeds = testSeeds(process.env.DURE_SEED)
console.log(describeSeeds(seeds))

test('UnreliableAgree: values are agreed on while a tenth of all messages is lost', () => {
  overSeeds(seeds, { nodes: 5, unreliable: true }, (cluster) => {
    for (let round = 0; round < 20; round++) {
      const leader = cluster.leader()
      for (let i = 0; i < 4; i++) cluster.propose(leader)
      cluster.agree({ on: 1 })
    }
    cluster.becomeReliable()
    cluster.agree({ on: 5 })
  })
})

test('Figure8Unreliable: leaders come and go, messages are lost and answers come very late', () => {
  overSeeds(seeds, { nodes: 5, unreliable: true }, (cluster) => {
    const { random } = cluster
    const ROUNDS = 200
    cluster.agree({ on: 1 })
    for (let round = 0; round < ROUNDS; round++) {
      if (round === ROUNDS / 5) cluster.delayAnswers()
      for (const id of cluster.ids) if (cluster.raft(id).role === 'leader') cluster.propose(id)
      const isLong = random.next() < 0.2
      cluster.run(isLong ? random.between(0, 2 * cluster.electionTimeoutMs) : random.between(0, 13))
      const leader = cluster.ids.find((id) => cluster.raft(id).role === 'leader' && !cluster.isCutOff(id))
      if (leader !== undefined && random.next() < 0.5) cluster.cutOff(leader)
      if (cluster.connected.length < 3) {
        cluster.reconnect(random.pick(cluster.ids.filter((id) => cluster.isCutOff(id))))
      }
    }
    cluster.heal()
    cluster.agree({ on: 5 })
  })
})

test('ReliableChurn: clients are served while nodes crash, return, and are cut off', () => {
  overSeeds(seeds, { nodes: 5 }, churn)
})

test('UnreliableChurn: the same while a tenth of all messages is lost', () => {
  overSeeds(seeds, { nodes: 5, unreliable: true }, churn)
})

function churn(cluster: ScenarioCluster): void {
  const { random } = cluster
  cluster.startClients(3)
  for (let round = 0; round < 30; round++) {
    if (random.next() < 0.2) cluster.cutOff(random.pick(cluster.ids))
    if (random.next() < 0.5) {
      const id = random.pick(cluster.ids)
      if (!cluster.isUp(id)) cluster.restart(id)
      cluster.reconnect(id)
    }
    if (random.next() < 0.2) cluster.crash(random.pick(cluster.ids))
    cluster.run(0.7 * cluster.electionTimeoutMs)
  }
  cluster.becomeReliable()
  cluster.heal()
  for (const id of cluster.ids) if (!cluster.isUp(id)) cluster.restart(id)
  const before = cluster.answered
  cluster.until('clients are answered', () => cluster.answered > before + 10)
  cluster.agree({ on: 5 })
}
