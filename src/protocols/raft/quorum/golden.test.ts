import { describe, expect, test } from 'vitest'
import { type NodeId, nodeId } from '../../../foundation/ids.ts'
import { type DataDrivenCase, parseDataDriven } from '../testing/data-driven.ts'
import { goldenFiles } from '../testing/external-data.ts'
import { describeVoters } from './describe.ts'
import { jointCommittedIndex, jointVoteResult } from './joint.ts'
import { majorityCommittedIndex, majorityVoteResult, type VoteResult } from './majority.ts'

const RESULTS: Record<VoteResult, string> = { won: 'VoteWon', lost: 'VoteLost', pending: 'VotePending' }

const files = goldenFiles('quorum')

describe.skipIf(files === undefined)(
  "etcd-io/raft's golden files of quorums (missing here when skipped)",
  () => {
    test('all four files are there', () => {
      expect(files!.map(({ name }) => name)).toEqual([
        'joint_commit.txt',
        'joint_vote.txt',
        'majority_commit.txt',
        'majority_vote.txt',
      ])
    })

    for (const { name, content } of files ?? []) {
      describe(name, () => {
        for (const one of parseDataDriven(content)) {
          test(`line ${one.lineNumber}: ${one.line}`, () => expect(answer(one)).toBe(one.expected.trimEnd()))
        }
      })
    }
  },
)

function answer(one: DataDrivenCase): string {
  const voters = ids(one.options.get('cfg') ?? [])
  const outgoing = one.options.get('cfgj')
  const isJoint = outgoing !== undefined
  const votersOutgoing = ids(isJoint && outgoing[0] !== 'zero' ? outgoing : [])
  const joint = { voters, votersOutgoing }
  // Values are given in the order in which the voters are first named.
  const order = [...new Set([...voters, ...votersOutgoing])]
  switch (one.command) {
    case 'committed': {
      const values = new Map(order.map((id, i) => [id, one.options.get('idx')?.[i] ?? '_']))
      const known = (id: NodeId) => (values.get(id) === '_' ? undefined : Number(values.get(id)))
      const acknowledged = (id: NodeId) => known(id) ?? 0
      const index = isJoint
        ? jointCommittedIndex(joint, acknowledged)
        : majorityCommittedIndex(voters, acknowledged)
      // A majority is the same alone, with an empty outgoing half, and joined with itself.
      if (!isJoint) {
        expect(jointCommittedIndex({ voters, votersOutgoing: [] }, acknowledged)).toBe(index)
        expect(jointCommittedIndex({ voters, votersOutgoing: voters }, acknowledged)).toBe(index)
      } else {
        expect(jointCommittedIndex({ voters: votersOutgoing, votersOutgoing: voters }, acknowledged)).toBe(
          index,
        )
      }
      return describeVoters(joint, known) + (index === Number.POSITIVE_INFINITY ? '∞' : index)
    }
    case 'vote': {
      const values = new Map(order.map((id, i) => [id, one.options.get('votes')?.[i] ?? '_']))
      const voteOf = (id: NodeId) => (values.get(id) === '_' ? undefined : values.get(id) === 'y')
      const result = isJoint ? jointVoteResult(joint, voteOf) : majorityVoteResult(voters, voteOf)
      if (isJoint)
        expect(jointVoteResult({ voters: votersOutgoing, votersOutgoing: voters }, voteOf)).toBe(result)
      return RESULTS[result]
    }
    default:
      throw new Error(`line ${one.lineNumber}: unknown command ${one.command}`)
  }
}

const ids = (names: readonly string[]): readonly NodeId[] => names.map((name) => nodeId(Number(name)))
