import { assert, unreachable } from '../../../foundation/assert.ts'
import type { NodeId } from '../../../foundation/ids.ts'
import type { Membership, MembershipChange, MembershipStep } from '../membership.ts'

/** Why a change makes no sense; `message` says it to a person. */
export class MembershipProblem {
  readonly reason:
    | 'already-joint'
    | 'not-joint'
    | 'simple-in-joint'
    | 'no-voters'
    | 'removes-all-voters'
    | 'several-voters'

  constructor(reason: MembershipProblem['reason']) {
    this.reason = reason
  }
}

/** The membership that a change leads to, or why it cannot be made. Pure: every node computes the same. */
export function changeMembership(
  membership: Membership,
  change: MembershipChange,
): Membership | MembershipProblem {
  if (change.steps.length === 0) return leaveJoint(membership)
  switch (change.transition) {
    case 'auto':
      return change.steps.length === 1
        ? simpleChange(membership, change.steps)
        : enterJoint(membership, { autoLeave: true }, change.steps)
    case 'joint':
      return enterJoint(membership, { autoLeave: true }, change.steps)
    case 'joint-explicit':
      return enterJoint(membership, { autoLeave: false }, change.steps)
    default:
      return unreachable(change.transition)
  }
}

export const isJoint = (membership: Membership): boolean => membership.votersOutgoing.length > 0

/** Adds, removes, promotes or demotes at most one voter: old and new majorities then always overlap (4.1). */
export function simpleChange(
  membership: Membership,
  steps: readonly MembershipStep[],
): Membership | MembershipProblem {
  if (isJoint(membership)) return new MembershipProblem('simple-in-joint')
  const draft = new Draft(membership)
  for (const step of steps) draft.apply(step)
  if (draft.voters.size === 0) return new MembershipProblem('removes-all-voters')
  if (symmetricDifference(new Set(membership.voters), draft.voters) > 1) {
    return new MembershipProblem('several-voters')
  }
  return draft.finish(false)
}

/** Keeps the present voters as the outgoing half and makes any changes to the incoming one (4.3). */
export function enterJoint(
  membership: Membership,
  options: { readonly autoLeave: boolean },
  steps: readonly MembershipStep[],
): Membership | MembershipProblem {
  if (isJoint(membership)) return new MembershipProblem('already-joint')
  if (membership.voters.length === 0) return new MembershipProblem('no-voters')
  const draft = new Draft(membership)
  for (const voter of membership.voters) draft.votersOutgoing.add(voter)
  for (const step of steps) draft.apply(step)
  if (draft.voters.size === 0) return new MembershipProblem('removes-all-voters')
  return draft.finish(options.autoLeave)
}

/** Drops the outgoing half; its voters that were to become learners do so now. */
export function leaveJoint(membership: Membership): Membership | MembershipProblem {
  if (!isJoint(membership)) return new MembershipProblem('not-joint')
  const draft = new Draft(membership)
  for (const node of draft.learnersNext) draft.learners.add(node)
  draft.learnersNext.clear()
  draft.votersOutgoing.clear()
  return draft.finish(false)
}

/** Everyone that a leader sends to (and itself), in order. */
export function membersOf(membership: Membership): readonly NodeId[] {
  const members = new Set([...membership.voters, ...membership.votersOutgoing, ...membership.learners])
  return sorted(members)
}

class Draft {
  readonly voters: Set<NodeId>
  readonly votersOutgoing: Set<NodeId>
  readonly learners: Set<NodeId>
  readonly learnersNext: Set<NodeId>

  constructor(membership: Membership) {
    this.voters = new Set(membership.voters)
    this.votersOutgoing = new Set(membership.votersOutgoing)
    this.learners = new Set(membership.learners)
    this.learnersNext = new Set(membership.learnersNext)
  }

  apply(step: MembershipStep): void {
    // Ids begin at 1; 0 names nobody.
    if (step.node === 0) return
    switch (step.kind) {
      case 'add-voter':
        this.#remove(step.node)
        this.voters.add(step.node)
        return
      case 'add-learner':
        this.#remove(step.node)
        // A voter of the outgoing half still votes there: it becomes a learner when the joint configuration is left.
        if (this.votersOutgoing.has(step.node)) this.learnersNext.add(step.node)
        else this.learners.add(step.node)
        return
      case 'remove':
        this.#remove(step.node)
        return
      default:
        unreachable(step)
    }
  }

  finish(autoLeave: boolean): Membership {
    for (const node of this.learners) {
      assert(!this.voters.has(node), 'a learner is not a voter')
      assert(!this.votersOutgoing.has(node), 'a learner is not a voter of the outgoing half')
    }
    for (const node of this.learnersNext) {
      assert(this.votersOutgoing.has(node), 'a learner to be is a voter of the outgoing half')
    }
    return {
      voters: sorted(this.voters),
      votersOutgoing: sorted(this.votersOutgoing),
      learners: sorted(this.learners),
      learnersNext: sorted(this.learnersNext),
      autoLeave,
    }
  }

  #remove(node: NodeId): void {
    this.voters.delete(node)
    this.learners.delete(node)
    this.learnersNext.delete(node)
  }
}

const sorted = (nodes: Set<NodeId>): readonly NodeId[] => [...nodes].sort((left, right) => left - right)

function symmetricDifference(left: Set<NodeId>, right: Set<NodeId>): number {
  let count = 0
  for (const node of left) if (!right.has(node)) count++
  for (const node of right) if (!left.has(node)) count++
  return count
}
