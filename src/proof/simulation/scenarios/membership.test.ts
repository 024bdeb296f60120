import { expect, test } from 'vitest'
import { overSeeds } from './scenario-cluster.ts'
import { describeSeeds, testSeeds } from './test-seeds.ts'

const seeds = testSeeds(process.env.DURE_SEED)
console.log(describeSeeds(seeds))

test('AddMembership: nodes that join learn everything, and then count', () => {
  overSeeds(seeds, { nodes: 3 }, (cluster) => {
    for (let i = 0; i < 10; i++) cluster.agree()
    const joined = [cluster.join(), cluster.join()]
    cluster.changeMembers(...joined.map((node) => ({ kind: 'add-learner', node }) as const))
    cluster.agree({ on: 5 })
    cluster.changeMembers(...joined.map((node) => ({ kind: 'add-voter', node }) as const))
    expect(cluster.raft(cluster.leader()).membership.voters).toEqual(cluster.ids)

    // Until everybody has heard that the joint configuration was left, some may still ask for its two majorities.
    cluster.agree({ on: 5 })
    // Three of five are a majority now, also with both newcomers among them.
    const founders = cluster.others(...joined)
    cluster.cutOff(founders[0]!, founders[1]!)
    cluster.agree({ on: 3 })
    cluster.reconnect(founders[0]!, founders[1]!)
    cluster.agree({ on: 5 })
  })
})

test('AddMembership: who joins after the log was cut gets a snapshot with the members in it', () => {
  overSeeds(seeds, { nodes: 3, storage: { logKeepBytes: 0 } }, (cluster) => {
    for (let i = 0; i < 10; i++) cluster.agree()
    cluster.compact(...cluster.ids)
    const node = cluster.join()
    cluster.changeMembers({ kind: 'add-voter', node })
    cluster.agree({ on: 4 })
    expect(cluster.messages.count('snapshot-chunk')).toBeGreaterThan(0)
    expect(cluster.raft(node).membership.voters).toEqual(cluster.ids)
  })
})

test('AddRemoveNodesNotLeader: two join, two others leave, the leader stays', () => {
  overSeeds(seeds, { nodes: 3 }, (cluster) => {
    cluster.agree()
    const leader = cluster.leader()
    const { term } = cluster
    cluster.startClients(2)
    for (const node of [cluster.join(), cluster.join()]) cluster.changeMembers({ kind: 'add-voter', node })
    cluster.agree({ on: 5 })
    const leaving = cluster.others(leader).slice(0, 2)
    for (const node of leaving) cluster.changeMembers({ kind: 'remove', node })
    cluster.run(5 * cluster.electionTimeoutMs)
    expect(cluster.leader(), 'who was removed disturbs nobody').toBe(leader)
    expect(cluster.term).toBe(term)
    for (const node of leaving) cluster.retire(node)
    expect(cluster.raft(leader).membership.voters).toEqual(cluster.present)
    cluster.agree({ on: 3 })
    expect(cluster.answered).toBeGreaterThan(20)
  })
})

test('RemoveLeader: a leader that removes itself leads until that is committed, then another one does', () => {
  overSeeds(seeds, { nodes: 3 }, (cluster) => {
    cluster.agree()
    const first = cluster.leader()
    cluster.startClients(2)
    cluster.run(200)
    cluster.changeMembers({ kind: 'remove', node: first })
    cluster.until('it has stepped down', () => cluster.raft(first).role !== 'leader')
    const second = cluster.leader()
    expect(second).not.toBe(first)
    const { term } = cluster
    cluster.run(5 * cluster.electionTimeoutMs)
    expect(cluster.term).toBe(term)
    expect(cluster.raft(second).membership.voters).toEqual(cluster.others(first))
    cluster.retire(first)
    cluster.agree({ on: 2 })
  })
})

test('RemovePartitionedNode: who was removed while it was away cannot disturb when it comes back', () => {
  overSeeds(seeds, { nodes: 3 }, (cluster) => {
    cluster.agree()
    const leader = cluster.leader()
    const [away] = cluster.others(leader)
    cluster.cutOff(away!)
    cluster.run(2 * cluster.electionTimeoutMs)
    cluster.changeMembers({ kind: 'remove', node: away! })
    cluster.agree({ on: 2 })
    const { term } = cluster
    cluster.reconnect(away!)
    cluster.run(10 * cluster.electionTimeoutMs)
    expect(cluster.leader()).toBe(leader)
    expect(cluster.raft(leader).term).toBe(term)
    expect(cluster.raft(away!).role).not.toBe('leader')
    cluster.retire(away!)
    cluster.agree({ on: 2 })
  })
})
