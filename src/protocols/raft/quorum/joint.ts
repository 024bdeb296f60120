import type { NodeId } from '../../../foundation/ids.ts'
import {
  type AcknowledgedIndex,
  majorityCommittedIndex,
  majorityVoteResult,
  type VoteOf,
  type VoteResult,
} from './majority.ts'

/** The voters of a membership: both halves must agree while the outgoing one is not empty (dissertation, 4.3). */
export interface JointVoters {
  readonly voters: readonly NodeId[]
  readonly votersOutgoing: readonly NodeId[]
}

export function jointCommittedIndex(joint: JointVoters, acknowledged: AcknowledgedIndex): number {
  const incoming = majorityCommittedIndex(joint.voters, acknowledged)
  if (joint.votersOutgoing.length === 0) return incoming
  return Math.min(incoming, majorityCommittedIndex(joint.votersOutgoing, acknowledged))
}

export function jointVoteResult(joint: JointVoters, voteOf: VoteOf): VoteResult {
  const incoming = majorityVoteResult(joint.voters, voteOf)
  const outgoing = majorityVoteResult(joint.votersOutgoing, voteOf)
  if (incoming === outgoing) return incoming
  // One lost half is enough to lose; otherwise one of them is still pending.
  return incoming === 'lost' || outgoing === 'lost' ? 'lost' : 'pending'
}

export const isVoter = (joint: JointVoters, node: NodeId): boolean =>
  joint.voters.includes(node) || joint.votersOutgoing.includes(node)
