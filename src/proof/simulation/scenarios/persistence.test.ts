import { expect, test } from 'vitest'
import { nodeId, type Term } from '../../../foundation/ids.ts'
import type { Message } from '../../../protocols/raft/message.ts'
import { overSeeds } from './scenario-cluster.ts'
import { describeSeeds, testSeeds } from './test-seeds.ts'

const seeds = testSeeds(process.env.DURE_SEED)
console.log(describeSeeds(seeds))

const LONG_MS = 600_000
/** Each entry travels in a message of its own. */
const oneByOne = { appendBytesMax: 1 }

/** Whether it brings entries: any, or some of this term. */
function hasEntries(message: Message, term?: Term): boolean {
  if (message.type !== 'append-request') return false
  return message.entries.some((entry) => term === undefined || entry.term === term)
}

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
  overSeeds(seeds, { nodes: 5, raft: oneByOne }, (cluster) => {
    const { messages } = cluster
    cluster.agree()
    cluster.becomeQuiet()
    // (a) The first leader gets its entry to one other node only.
    const first = cluster.leader()
    const [second, ...rest] = cluster.others(first)
    messages.slowDown((_from, to, message) =>
      hasEntries(message) && (to as number) !== second ? LONG_MS : 0,
    )
    const proposal = cluster.propose(first)
    cluster.run(10)
    const { lastIndex: index, term } = cluster.raft(first)
    cluster.until('the second holds it', () => cluster.raft(second!).termAt(index) === term)
    // (b) One of the other three leads a later term, and keeps an entry of that term to itself.
    cluster.crash(first)
    cluster.cutOff(second!)
    messages.slowDown((_from, _to, message) => (hasEntries(message) ? LONG_MS : 0))
    const rival = cluster.leader()
    cluster.until('it is on its disk', () => cluster.raft(rival).durableIndex === index)
    cluster.crash(rival)
    // (c) The first two are back. One of them leads and copies the old entry to a majority, but none of its own term.
    // What a node without the old entry must refuse may pass, or the leader would not learn where to begin.
    messages.slowDown((_from, to, message) => {
      const has = cluster.isUp(nodeId(to)) && cluster.raft(nodeId(to)).termAt(index) === term
      return has && hasEntries(message, message.term) ? LONG_MS : 0
    })
    cluster.reconnect(second!)
    cluster.restart(first)
    const third = cluster.leader()
    const copies = rest.filter((id) => id !== rival)
    cluster.until('it is everywhere', () => copies.every((id) => cluster.raft(id).termAt(index) === term))
    cluster.run(2 * cluster.electionTimeoutMs)
    expect(cluster.holders(proposal), 'so many copies, and yet not committed').toBe(0)
    // (d) The rival has the newer term, wins, and replaces it.
    cluster.crash(third)
    cluster.cutOff(third === first ? second! : first)
    cluster.restart(rival)
    messages.slowDown(undefined)
    expect(cluster.leader()).toBe(rival)
    cluster.agree({ on: 3 })
    expect(cluster.holders(proposal)).toBe(0)
    expect(proposal.outcome).not.toBe('committed')
  })
})

test('Figure8: whoever leads crashes, again and again, with entries on the way', () => {
  overSeeds(seeds, { nodes: 5, raft: oneByOne }, (cluster) => {
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
