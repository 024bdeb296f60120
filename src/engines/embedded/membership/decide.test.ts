import { describe, expect, test } from 'vitest'
import { logIndex, type NodeId, nodeId } from '../../../foundation/ids.ts'
import {
  decodeMembershipChange,
  encodeMembershipChange,
} from '../../../protocols/raft/confchange/membership-codec.ts'
import type { MemberRequest } from '../../../wire/parcel/parcel.ts'
import type { MemberRecord } from '../state-machine/members.ts'
import { type Decision, decideMembership, type LeaderView } from './decide.ts'

const ids = (...numbers: readonly number[]): NodeId[] => numbers.map(nodeId)
const at = (node: number, removedAt?: number): MemberRecord => ({
  node: nodeId(node),
  peer: `host${node}:7000`,
  http: '',
  removedAt: removedAt === undefined ? undefined : logIndex(removedAt),
})

/** Node 1 leads 2, 3 and the learner 4; 9 was removed. */
const view = (silent: readonly number[] = [], lagEntries = 0): LeaderView => ({
  self: nodeId(1),
  membership: {
    voters: ids(1, 2, 3),
    votersOutgoing: [],
    learners: ids(4),
    learnersNext: [],
    autoLeave: false,
  },
  records: [at(1), at(2), at(3), at(4), at(9, 77)],
  isReachable: (node) => !silent.includes(node),
  matchOf: (node) => 100 + node,
  lagOf: () => ({ entries: lagEntries, isCaughtUp: lagEntries < 10 }),
})

const ask = (change: MemberRequest['change'], node: number, more: Partial<MemberRequest> = {}) =>
  ({
    kind: 'member',
    change,
    node: nodeId(node),
    peerAddress: '',
    httpAddress: '',
    force: false,
    ...more,
  }) as const

const said = (decision: Decision): string =>
  decision.kind !== 'propose' && decision.response.status === 'error'
    ? decision.response.message
    : decision.kind
const steps = (decision: Decision) => (decision.kind === 'propose' ? decision.change.steps : said(decision))
const isDone = (decision: Decision): boolean =>
  decision.kind === 'answer' && decision.response.status === 'done'

describe('a node is added', () => {
  const peerAddress = 'host6:7000'

  test('as a learner, with its address', () => {
    const decision = decideMembership(ask('add', 6, { peerAddress }), view())
    expect(steps(decision)).toEqual([{ kind: 'add-learner', node: 6 }])
    const change = decision.kind === 'propose' ? decision.change : undefined
    expect(decodeMembershipChange(encodeMembershipChange(change!))).toEqual(change)
  })

  test('again without harm, at the same address and no other', () => {
    expect(isDone(decideMembership(ask('add', 4, { peerAddress: 'host4:7000' }), view()))).toBe(true)
    expect(said(decideMembership(ask('add', 4, { peerAddress }), view()))).toContain(
      'is a member at host4:7000',
    )
  })

  test('never under an id that was removed, at an address of another, or at none', () => {
    expect(said(decideMembership(ask('add', 9, { peerAddress }), view()))).toContain('dure member add 10')
    expect(said(decideMembership(ask('add', 6, { peerAddress: 'host3:7000' }), view()))).toContain(
      'of node 3',
    )
    expect(said(decideMembership(ask('add', 6), view()))).toContain('give the address')
    expect(said(decideMembership(ask('add', 70_000, { peerAddress }), view()))).toContain('from 1 to 65535')
  })
})

describe('a learner is promoted', () => {
  test('when it has caught up', () => {
    expect(steps(decideMembership(ask('promote', 4), view()))).toEqual([{ kind: 'add-voter', node: 4 }])
    expect(isDone(decideMembership(ask('promote', 3), view()))).toBe(true)
  })

  test('and not before, nor while it or too many others are silent', () => {
    const behind = decideMembership(ask('promote', 4), view([], 5_000))
    expect(said(behind)).toContain('5000 entries behind')
    expect(behind).toMatchObject({ response: { code: 'unavailable', retryable: true } })
    expect(said(decideMembership(ask('promote', 4), view([4])))).toContain('does not answer')
    expect(said(decideMembership(ask('promote', 4), view([2, 3])))).toContain('3 are needed')
    expect(steps(decideMembership(ask('promote', 4, { force: true }), view([2, 3])))).toHaveLength(1)
  })

  test('only if it is one', () => {
    expect(said(decideMembership(ask('promote', 5), view()))).toContain('dure member add 5')
    expect(said(decideMembership(ask('promote', 9), view()))).toContain('was removed at entry 77')
  })
})

describe('a member is removed', () => {
  test('a voter, a learner, and again without harm', () => {
    expect(steps(decideMembership(ask('remove', 2), view()))).toEqual([{ kind: 'remove', node: 2 }])
    expect(steps(decideMembership(ask('remove', 4), view([2, 3])))).toEqual([{ kind: 'remove', node: 4 }])
    expect(isDone(decideMembership(ask('remove', 9), view()))).toBe(true)
  })

  test('not when those that are left could decide nothing, unless forced', () => {
    const refused = decideMembership(ask('remove', 2), view([3]))
    expect(said(refused)).toContain('of the 2 voters that there would be, 1 answer and 2 are needed')
    expect(said(refused)).toContain('start node 3 first')
    expect(steps(decideMembership(ask('remove', 2, { force: true }), view([3])))).toHaveLength(1)
    // The one that is gone may go.
    expect(steps(decideMembership(ask('remove', 3), view([3])))).toHaveLength(1)
  })

  test('the leader after it has handed over to the most complete voter that answers', () => {
    expect(decideMembership(ask('remove', 1), view())).toMatchObject({ kind: 'hand-over', to: 3 })
    expect(decideMembership(ask('remove', 1, { force: true }), view([3]))).toMatchObject({ to: 2 })
    expect(said(decideMembership(ask('remove', 1, { force: true }), view([2, 3])))).toContain(
      'start one first',
    )
  })

  test('never the last voter, and nobody that is not there', () => {
    const alone = { ...view(), membership: { ...view().membership, voters: ids(1) } }
    expect(said(decideMembership(ask('remove', 1, { force: true }), alone))).toContain('the only voter')
    expect(said(decideMembership(ask('remove', 8), view()))).toContain('voters 1, 2, 3, learners 4')
  })
})

test('a member that moved says where it is, and a removed one hears that it is', () => {
  const moved = decideMembership(ask('announce', 2, { peerAddress: 'elsewhere:7' }), view())
  expect(steps(moved)).toEqual([{ kind: 'add-voter', node: 2 }])
  expect(isDone(decideMembership(ask('announce', 2, { peerAddress: 'host2:7000' }), view()))).toBe(true)
  expect(decideMembership(ask('announce', 9, { peerAddress: 'a:1' }), view())).toMatchObject({
    response: { code: 'removed' },
  })
})
