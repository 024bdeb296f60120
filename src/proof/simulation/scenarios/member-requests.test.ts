import { expect, test } from 'vitest'
import { type MemberAnswer, overSeeds, type ScenarioCluster } from './scenario-cluster.ts'
import { describeSeeds, testSeeds } from './test-seeds.ts'

const seeds = testSeeds(process.env.DURE_SEED)
console.log(describeSeeds(seeds))

const ends = (cluster: ScenarioCluster, ...answers: readonly MemberAnswer[]): void =>
  cluster.until('all are answered', () => answers.every(({ response }) => response !== undefined))

test('an empty node joins a cluster that never flushed, and is a voter like the others', () => {
  overSeeds(seeds, { nodes: 3 }, (cluster) => {
    for (let i = 0; i < 5; i++) cluster.agree()
    const node = cluster.join({ empty: true })
    cluster.run(3 * cluster.electionTimeoutMs)
    expect(cluster.raft(node).role, 'nobody has added it').toBe('follower')
    expect(cluster.raft(node).term).toBe(0)
    cluster.changeMember('add', node)
    cluster.changeMember('promote', node)
    cluster.agree({ on: 4 })
    expect(cluster.raft(node).membership.voters).toEqual(cluster.ids)
    // Three of four: with the newcomer.
    const [founder] = cluster.others(node)
    cluster.cutOff(founder!)
    cluster.agree({ on: 3 })
    cluster.reconnect(founder!)
    cluster.agree({ on: 4 })
  })
})

test('those who came find each other after a restart, though they were started with founders that are gone', () => {
  overSeeds(seeds, { nodes: 3, storage: { logKeepBytes: 0 } }, (cluster) => {
    for (let i = 0; i < 5; i++) cluster.agree()
    const joined = [cluster.join({ empty: true }), cluster.join({ empty: true })]
    for (const node of joined) {
      cluster.changeMember('add', node)
      cluster.changeMember('promote', node)
    }
    const [gone, alsoGone, stays] = cluster.others(...joined)
    for (const node of [gone!, alsoGone!]) {
      cluster.changeMember('remove', node)
      cluster.run(200)
      cluster.retire(node)
    }
    cluster.agree({ on: 3 })
    cluster.compact(...cluster.present)
    cluster.restartAll()
    cluster.agree({ on: 3 })
    // Without the last founder, their tables alone tell the two where the other is.
    cluster.cutOff(stays!)
    cluster.agree({ on: 2 })
    for (const node of joined) {
      const { members } = cluster.node(node).status
      expect(members.map(({ peer_address }) => peer_address)).toEqual(
        [stays!, ...joined].map((member) => `node/${member}`),
      )
    }
    cluster.reconnect(stays!)
    cluster.agree({ on: 3 })
  })
})

test('a leader that is to be removed hands over first, and is removed by the next one', () => {
  overSeeds(seeds, { nodes: 3 }, (cluster) => {
    cluster.agree()
    const first = cluster.leader()
    cluster.startClients(2)
    cluster.changeMember('remove', first)
    const second = cluster.leader()
    expect(second).not.toBe(first)
    expect(cluster.raft(second).membership.voters).toEqual(cluster.others(first))
    cluster.until('it knows that it was removed', () => cluster.node(first).removal !== undefined)
    cluster.retire(first)
    cluster.agree({ on: 2 })
  })
})

test('of two operators at once each gets what it asked for, and nothing is mixed up', () => {
  overSeeds(seeds, { nodes: 5 }, (cluster) => {
    cluster.agree()
    const leader = cluster.leader()
    const [one, two, three] = cluster.others(leader)
    const node = cluster.join({ empty: true })
    const answers = [
      cluster.askMember('add', node, { via: one! }),
      cluster.askMember('remove', two!, { via: leader }),
      cluster.askMember('add', node, { via: three! }),
    ]
    ends(cluster, ...answers)
    expect(answers.map(({ response }) => response?.status)).toEqual(['done', 'done', 'done'])
    const { membership } = cluster.raft(cluster.leader())
    expect(membership).toMatchObject({ voters: cluster.others(two!, node), learners: [node] })
    cluster.retire(two!)
    cluster.agree({ on: 5 })
  })
})

test('a learner that never catches up is not promoted, holds nobody up, and can be removed', () => {
  overSeeds(seeds, { nodes: 3 }, (cluster) => {
    cluster.agree()
    const node = cluster.join({ empty: true })
    cluster.cutOff(node)
    cluster.changeMember('add', node)
    for (let i = 0; i < 5; i++) cluster.agree({ on: 3 })
    const answer = cluster.askMember('promote', node, { via: cluster.leader() })
    ends(cluster, answer)
    expect(answer.response).toMatchObject({
      status: 'error',
      code: 'unavailable',
      outcome: 'failed',
      retryable: true,
      message: expect.stringContaining('entries behind'),
    })
    cluster.changeMember('remove', node)
    expect(cluster.raft(cluster.leader()).membership).toMatchObject({ learners: [] })
    cluster.reconnect(node)
    cluster.retire(node)
    const again = cluster.askMember('add', node, { via: cluster.leader() })
    ends(cluster, again)
    expect(again.response).toMatchObject({
      code: 'invalid',
      message: expect.stringContaining('never used again'),
    })
    cluster.agree({ on: 3 })
  })
})

test('a leader that crashes in the middle leaves a change that can be asked for again', () => {
  overSeeds(seeds, { nodes: 5 }, (cluster) => {
    cluster.agree()
    for (const withinMs of [0, 1, 3]) {
      const leader = cluster.leader()
      const [via, other] = cluster.others(leader)
      const node = cluster.join({ empty: true })
      const answer = cluster.askMember('add', node, { via: via! })
      cluster.run(withinMs)
      cluster.crash(leader)
      ends(cluster, answer)
      const { response } = answer
      // Whatever was answered is so: done is done, failed never happened, and of all else nothing is said.
      if (response?.status === 'done') {
        const isKnown = (): boolean => cluster.raft(other!).membership.learners.includes(node)
        cluster.until('what was answered holds without who answered', isKnown)
      }
      cluster.restart(leader)
      cluster.changeMember('add', node)
      cluster.changeMember('promote', node)
      cluster.agree()
    }
    expect(cluster.raft(cluster.leader()).membership.voters).toEqual(cluster.ids)
  })
})
