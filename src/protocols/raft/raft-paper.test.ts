import { describe, expect, test } from 'vitest'
import { utf8 } from '../../foundation/bytes.ts'
import { logIndex, term } from '../../foundation/ids.ts'
import { raftDefaults } from './config.ts'
import type { Message } from './message.ts'
import { Cluster } from './testing/cluster.ts'
import { seeded } from './testing/schedule.ts'
import { noCommit, node, ofType, Solo, sent } from './testing/solo.ts'

const heartbeat = (from: number, inTerm: number) =>
  ({
    type: 'heartbeat',
    from: node(from),
    term: term(inTerm),
    commitIndex: logIndex(0),
    readContext: 0,
  }) as const

describe('section 5.1: terms', () => {
  test.each(['follower', 'candidate', 'leader'] as const)(
    'a %s that sees a higher term takes it and follows',
    (role) => {
      const solo = new Solo()
      if (role === 'candidate') {
        solo.tick(600)
        solo.receive({
          ...noCommit,
          type: 'vote-response',
          from: node(2),
          term: term(1),
          preVote: true,
          granted: true,
        })
      }
      if (role === 'leader') solo.lead()
      expect(solo.raft.role).toBe(role)
      solo.append(2, 7, [0, 0], [])
      expect(solo.raft.role).toBe('follower')
      expect(solo.raft.term).toBe(7)
      expect(solo.raft.leader).toBe(2)
    },
  )

  test('a request with an old term changes nothing and is answered with the present one', () => {
    const solo = new Solo({ term: 5 })
    const effects = solo.append(2, 4, [0, 0], [4])
    expect(solo.raft.lastIndex).toBe(0)
    expect(solo.raft.leader).toBeUndefined()
    expect(sent(effects, 'append-response')).toMatchObject([{ term: 5, accepted: false }])
  })
})

describe('section 5.2: leader election', () => {
  test('every node starts as a follower, of its persisted term', () => {
    const solo = new Solo({ term: 3 })
    expect(solo.raft.role).toBe('follower')
    expect(solo.raft.term).toBe(3)
  })

  test('a leader sends heartbeats to everyone, every heartbeat interval', () => {
    const solo = new Solo()
    solo.lead()
    const effects = solo.tick(raftDefaults.heartbeatIntervalMs)
    expect(sent(effects, 'heartbeat').map(({ to }) => to)).toEqual([2, 3])
    expect(sent(solo.tick(raftDefaults.heartbeatIntervalMs - 1), 'heartbeat')).toEqual([])
  })

  test('a follower that hears nothing for an election timeout stands: new term, own vote, requests to everyone', () => {
    const solo = new Solo({ term: 4 })
    solo.tick(299)
    expect(solo.raft.role).toBe('follower')
    const asked = solo.tick(1)
    expect(sent(asked, 'vote-request')).toMatchObject([
      { to: 2, term: 5, preVote: true },
      { to: 3, term: 5, preVote: true },
    ])
    expect(solo.raft.term).toBe(4)
    solo.receive({
      ...noCommit,
      type: 'vote-response',
      from: node(2),
      term: term(5),
      preVote: true,
      granted: true,
    })
    expect(solo.raft.role).toBe('candidate')
    expect(solo.raft.term).toBe(5)
    expect(ofType(solo.effects, 'persist').at(-1)?.hardState).toMatchObject({ term: 5, vote: 1 })
    expect(sent(solo.persisted(), 'vote-request').map(({ to }) => to)).toEqual([2, 3])
  })

  test.each([
    [1, [], 'leader'],
    [3, [[2, true]], 'leader'],
    [3, [], 'candidate'],
    [
      3,
      [
        [2, false],
        [3, false],
      ],
      'follower',
    ],
    [
      5,
      [
        [2, true],
        [3, true],
      ],
      'leader',
    ],
    [5, [[2, true]], 'candidate'],
    [
      5,
      [
        [2, false],
        [3, false],
        [4, false],
      ],
      'follower',
    ],
  ] as const)('of %i voters, answers %j make a candidate a %s', (voters, answers, role) => {
    const solo = new Solo({ voters })
    solo.tick(600)
    for (let from = 2; from <= voters; from++) {
      solo.receive({
        ...noCommit,
        type: 'vote-response',
        from: node(from),
        term: term(1),
        preVote: true,
        granted: true,
      })
    }
    solo.persisted()
    for (const [from, granted] of answers) {
      solo.receive({
        ...noCommit,
        type: 'vote-response',
        from: node(from),
        term: term(1),
        preVote: false,
        granted,
      })
    }
    expect(solo.raft.role).toBe(role)
  })

  test.each([
    [undefined, 2, true],
    [2, 2, true],
    [3, 2, false],
  ] as const)('with a vote for %s in this term, a request of %i gets %s', (vote, from, granted) => {
    const solo = new Solo({ term: 1, ...(vote !== undefined && { vote }) })
    solo.askForVote(from, 1, [0, 0])
    solo.persisted()
    expect(sent(solo.effects, 'vote-response')).toMatchObject([{ to: from, granted }])
  })

  test.each([1, 2])('a candidate of term 1 that hears a leader of term %i follows it', (inTerm) => {
    const solo = new Solo()
    solo.tick(600)
    solo.receive({
      ...noCommit,
      type: 'vote-response',
      from: node(2),
      term: term(1),
      preVote: true,
      granted: true,
    })
    expect(solo.raft.role).toBe('candidate')
    solo.receive(heartbeat(3, inTerm))
    expect(solo.raft).toMatchObject({ role: 'follower', leader: 3, term: inTerm })
  })

  test('election timeouts are spread over [timeout, twice the timeout), so that few nodes stand together', () => {
    const random = seeded(7)
    const waits = Array.from({ length: 500 }, () => {
      const solo = new Solo({ config: { random } })
      return ofType(solo.effects, 'deadline')[0]!.atMs
    })
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(300)
    expect(Math.max(...waits)).toBeLessThan(600)
    expect(new Set(waits.map((wait) => Math.floor(wait / 30))).size).toBe(10)
  })

  test('a split vote is followed by another election, which ends', () => {
    const cluster = new Cluster({ voters: 4 })
    cluster.nowMs = 600
    cluster.tick(1)
    cluster.tick(2)
    cluster.run(3_000)
    expect(cluster.leader).toBeDefined()
  })
})

describe('section 5.3: log replication', () => {
  test('a leader appends, sends, and commits what a majority has on disk; then it applies', () => {
    const solo = new Solo()
    solo.lead()
    solo.persisted()
    solo.acknowledge(2, 1)
    solo.propose(utf8('x'))
    expect(sent(solo.effects, 'append-request').at(-1)).toMatchObject({
      previousLogIndex: 1,
      previousLogTerm: 1,
      commitIndex: 1,
    })
    solo.acknowledge(2, 2)
    expect(solo.raft.commitIndex).toBe(1)
    const effects = solo.persisted()
    expect(solo.raft.commitIndex).toBe(2)
    expect(ofType(effects, 'apply')[0]?.entries).toMatchObject([{ index: 2, kind: 'command' }])
  })

  test.each([
    [1, [], true],
    [3, [], false],
    [3, [2], true],
    [5, [2], false],
    [5, [2, 3], true],
    [5, [2, 3, 4, 5], true],
  ] as const)('of %i voters, acknowledgements of %j commit: %s', (voters, acknowledging, committed) => {
    const solo = new Solo({ voters })
    solo.lead()
    solo.persisted()
    for (const from of acknowledging) solo.acknowledge(from, 1)
    expect(solo.raft.commitIndex).toBe(committed ? 1 : 0)
  })

  test('committing an entry of the present term commits what was left of earlier ones', () => {
    const solo = new Solo({ log: [1, 2] })
    solo.lead()
    solo.persisted()
    solo.acknowledge(2, 3)
    expect(ofType(solo.effects, 'apply').flatMap(({ entries }) => entries.map(({ index }) => index))).toEqual(
      [1, 2, 3],
    )
  })

  test('a follower learns the commit index from the leader, and applies in order what it has on disk', () => {
    const solo = new Solo()
    solo.append(2, 1, [0, 0], [1, 1, 1], 2)
    expect(solo.raft.commitIndex).toBe(2)
    expect(ofType(solo.effects, 'apply')).toEqual([])
    solo.persisted()
    expect(ofType(solo.effects, 'apply').flatMap(({ entries }) => entries.map(({ index }) => index))).toEqual(
      [1, 2],
    )
  })

  test('a follower never commits beyond what it was shown to match', () => {
    const solo = new Solo({ log: [1, 1, 1] })
    solo.append(2, 2, [1, 1], [1], 3)
    expect(solo.raft.commitIndex).toBe(2)
  })

  test.each([
    [[0, 0], true],
    [[1, 1], true],
    [[2, 2], true],
    [[1, 2], false],
    [[3, 3], false],
  ] as const)('with a log of terms 1, 2, an append after %j is accepted: %s', (after, accepted) => {
    const solo = new Solo({ log: [1, 2], term: 3 })
    solo.append(2, 3, after, [])
    solo.persisted()
    expect(sent(solo.effects, 'append-response').at(-1)).toMatchObject({ accepted })
  })

  test.each([
    [[2, 2], [3], [1, 2, 3]],
    [
      [1, 1],
      [3, 4],
      [1, 3, 4],
    ],
    [[0, 0], [1], [1, 2]],
    [[0, 0], [3], [3]],
  ] as const)('with a log of terms 1, 2, entries after %j of terms %j leave %j', (after, terms, left) => {
    const solo = new Solo({ log: [1, 2], term: 4 })
    solo.append(2, 4, after, terms)
    expect(solo.terms).toEqual(left)
  })

  // Figure 7: logs of followers when a leader with terms 1 1 1 4 4 5 5 6 6 6 comes to power in term 8.
  test.each([
    ['a', [1, 1, 1, 4, 4, 5, 5, 6, 6]],
    ['b', [1, 1, 1, 4]],
    ['c', [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6]],
    ['d', [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7]],
    ['e', [1, 1, 1, 4, 4, 4, 4]],
    ['f', [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3]],
  ] as const)("figure 7 (%s): the leader's log becomes the follower's", (_, log) => {
    const leader = new Solo({ voters: 3, log: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6], term: 7 })
    leader.lead()
    leader.persisted()
    const follower = new Solo({ log, term: 7 })
    const toLeader = (message: Message) => leader.receive({ ...message, from: node(2) })
    let requests = sent(leader.effects, 'append-request').filter(({ to }) => to === 2)
    for (let rounds = 0; rounds < 6 && requests.length > 0; rounds++) {
      const before = follower.effects.length
      for (const request of requests) follower.receive({ ...request, from: node(2) })
      follower.persisted()
      const answers = sent(follower.effects.slice(before), 'append-response')
      requests = answers
        .flatMap((answer) => sent(toLeader(answer), 'append-request'))
        .filter(({ to }) => to === 2)
    }
    expect(follower.terms).toEqual([1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 8])
  })
})

describe('section 5.4: safety', () => {
  test.each([
    [[1], [1, 1], true],
    [[1], [2, 1], true],
    [[1, 1], [1, 1], false],
    [[1, 1], [1, 2], true],
    [[2], [3, 1], false],
    [[1, 2], [2, 1], false],
    [[1, 2], [3, 2], true],
  ] as const)(
    '5.4.1: a voter with a log of terms %j grants one that ends at %j: %s',
    (log, last, granted) => {
      const solo = new Solo({ log, term: 3 })
      solo.askForVote(2, 4, last)
      solo.persisted()
      expect(sent(solo.effects, 'vote-response')).toMatchObject([{ granted, preVote: false }])
      const before = new Solo({ log, term: 3 })
      expect(sent(before.askForVote(2, 4, last, { preVote: true }), 'vote-response')).toMatchObject([
        { granted },
      ])
    },
  )

  test.each([
    [1, 0],
    [2, 0],
    [3, 3],
  ])(
    '5.4.2: with entries of terms 1, 2 and its own at 3, an acknowledgement of %i commits %i',
    (index, committed) => {
      const solo = new Solo({ log: [1, 2] })
      solo.lead()
      solo.persisted()
      solo.acknowledge(2, index)
      expect(solo.raft.commitIndex).toBe(committed)
    },
  )
})

describe('section 6: membership', () => {
  test('whoever hears a leader does not even take the term of a candidate', () => {
    const solo = new Solo()
    solo.append(2, 1, [0, 0], [1])
    solo.tick(299)
    solo.askForVote(3, 9, [9, 9])
    expect(solo.raft.term).toBe(1)
    solo.nowMs += 2
    solo.askForVote(3, 9, [9, 9])
    expect(solo.raft.term).toBe(9)
  })
})

describe('section 8: clients', () => {
  test('a leader begins with a no-op of its own term', () => {
    const solo = new Solo({ log: [1, 1] })
    solo.lead()
    expect(sent(solo.effects, 'append-request')[0]).toMatchObject({
      entries: [{ index: 3, term: 2, kind: 'no-op' }],
    })
  })

  test('a read waits for an entry of the own term, then for a majority that answers a later heartbeat', () => {
    const solo = new Solo({ log: [1] })
    solo.lead()
    const token = solo.read()
    expect(sent(solo.effects, 'heartbeat')).toEqual([])
    solo.persisted()
    const effects = solo.acknowledge(2, 2)
    const { readContext } = sent(effects, 'heartbeat')[0]!
    expect(ofType(solo.heartbeatResponse(3, readContext), 'read')).toEqual([
      { type: 'read', token, index: 2 },
    ])
  })
})
