import { expect, test } from 'vitest'
import { overSeeds } from './scenario-cluster.ts'
import { describeSeeds, testSeeds } from './test-seeds.ts'

const seeds = testSeeds(process.env.DURE_SEED)
console.log(describeSeeds(seeds))

test('InitialElection: one leader is elected, and without failures it stays', () => {
  overSeeds(seeds, { nodes: 3 }, (cluster) => {
    const leader = cluster.leader()
    const { term } = cluster
    expect(term).toBeGreaterThan(0)
    cluster.run(2 * cluster.electionTimeoutMs)
    expect(cluster.term).toBe(term)
    expect(cluster.leader()).toBe(leader)
  })
})

test('ReElection: a lost leader is replaced, comes back as a follower, and a minority elects nobody', () => {
  overSeeds(seeds, { nodes: 3 }, (cluster) => {
    const first = cluster.leader()
    cluster.cutOff(first)
    const second = cluster.leader()
    expect(second).not.toBe(first)

    cluster.reconnect(first)
    cluster.run(2 * cluster.electionTimeoutMs)
    expect(cluster.leader(), 'whoever comes back disturbs nobody').toBe(second)

    const [other] = cluster.others(second)
    cluster.cutOff(second, other!)
    cluster.run(4 * cluster.electionTimeoutMs)
    expect(cluster.presentLeader, 'one of three cannot lead').toBeUndefined()
    for (const id of cluster.present) expect(cluster.raft(id).role).not.toBe('leader')

    cluster.reconnect(other!)
    cluster.leader()
    cluster.reconnect(second)
    cluster.leader()
  })
})

test('ReElection: a follower that missed nothing but heartbeats comes back and disturbs nobody', () => {
  overSeeds(seeds, { nodes: 3 }, (cluster) => {
    cluster.agree()
    const leader = cluster.leader()
    const { term } = cluster
    const [follower] = cluster.others(leader)
    cluster.cutOff(follower!)
    cluster.run(5 * cluster.electionTimeoutMs)
    cluster.reconnect(follower!)
    cluster.run(5 * cluster.electionTimeoutMs)
    expect(cluster.leader()).toBe(leader)
    expect(cluster.term).toBe(term)
    cluster.agree({ on: 3 })
  })
})

test('ManyElections: while three of seven come and go, the other four always find a leader', () => {
  overSeeds(seeds, { nodes: 7 }, (cluster) => {
    cluster.leader()
    for (let round = 0; round < 10; round++) {
      const gone = shuffle([...cluster.ids], (most) => cluster.random.integer(0, most)).slice(0, 3)
      cluster.cutOff(...gone)
      expect(gone).not.toContain(cluster.leader())
      cluster.reconnect(...gone)
    }
    cluster.leader()
  })
})

function shuffle<Item>(items: Item[], draw: (most: number) => number): Item[] {
  for (let i = items.length - 1; i > 0; i--) {
    const other = draw(i)
    const kept = items[i]!
    items[i] = items[other]!
    items[other] = kept
  }
  return items
}
