import type { NodeId } from '../../foundation/ids.ts'

/**
 * Who belongs to a group. `votersOutgoing` is not empty while a joint configuration is in force: then both majorities
 * must agree (Raft dissertation, section 4.3). `learnersNext` are voters of the outgoing half that become learners
 * once it is left.
 */
export interface Membership {
  readonly voters: readonly NodeId[]
  readonly votersOutgoing: readonly NodeId[]
  readonly learners: readonly NodeId[]
  readonly learnersNext: readonly NodeId[]
  /** Whether the leader proposes to leave the joint configuration by itself. */
  readonly autoLeave: boolean
}

export type MembershipStep =
  | { readonly kind: 'add-voter'; readonly node: NodeId }
  | { readonly kind: 'add-learner'; readonly node: NodeId }
  | { readonly kind: 'remove'; readonly node: NodeId }

/**
 * - `auto`: one step goes directly, several go through a joint configuration that is left by itself.
 * - `joint`: a joint configuration that is left by itself, even for one step.
 * - `joint-explicit`: a joint configuration that stays until an empty change is proposed.
 *
 * An empty list of steps leaves a joint configuration.
 */
export interface MembershipChange {
  readonly transition: 'auto' | 'joint' | 'joint-explicit'
  readonly steps: readonly MembershipStep[]
  /** The host's own words about it (where a member listens): kept with the entry, and never looked at here. */
  readonly context?: Uint8Array
}
