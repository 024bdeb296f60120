import type { NodeId } from '../../../foundation/ids.ts'

/** What a voter has acknowledged; 0 when nothing is known of it. */
export type AcknowledgedIndex = (voter: NodeId) => number

/** What a voter answered; undefined when it has not yet. */
export type VoteOf = (voter: NodeId) => boolean | undefined

export type VoteResult = 'won' | 'lost' | 'pending'

const majoritySize = (voters: number): number => (voters >> 1) + 1

/**
 * The highest index that a majority has acknowledged; infinite for no voters, so that an empty half of a joint
 * configuration never holds the other back.
 *
 * Counting for each voter how many reach it is quadratic in a handful of voters, and makes no garbage.
 */
export function majorityCommittedIndex(voters: readonly NodeId[], acknowledged: AcknowledgedIndex): number {
  if (voters.length === 0) return Number.POSITIVE_INFINITY
  const needed = majoritySize(voters.length)
  let committed = 0
  for (let i = 0; i < voters.length; i++) {
    const index = acknowledged(voters[i]!)
    if (index <= committed) continue
    let reached = 0
    for (let j = 0; j < voters.length; j++) if (acknowledged(voters[j]!) >= index) reached++
    if (reached >= needed) committed = index
  }
  return committed
}

/** Won by convention without voters, for the same reason. */
export function majorityVoteResult(voters: readonly NodeId[], voteOf: VoteOf): VoteResult {
  if (voters.length === 0) return 'won'
  const needed = majoritySize(voters.length)
  let granted = 0
  let missing = 0
  for (const voter of voters) {
    const vote = voteOf(voter)
    if (vote === true) granted++
    else if (vote === undefined) missing++
  }
  if (granted >= needed) return 'won'
  return granted + missing >= needed ? 'pending' : 'lost'
}
