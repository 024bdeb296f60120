/**
 * `dure/raft`: the consensus core by itself, pure and synchronous, for hosts of your own.
 *
 * ```ts
 * import { nodeId, Raft, raftDefaults } from 'dure/raft'
 * const raft = new Raft({ id: nodeId(1), ...raftDefaults, random }, restored)
 * for (const effect of raft.step({ type: 'tick', nowMs })) carryOut(effect)
 * ```
 */
export { type LogIndex, logIndex, type NodeId, nodeId, type Term, term } from './foundation/ids.ts'
export { type RaftConfig, raftDefaults } from './protocols/raft/config.ts'
export type { RestoredState } from './protocols/raft/core.ts'
export type { Effect, HardState, RefusalReason, Role } from './protocols/raft/effect.ts'
export type { Entry, EntryKind } from './protocols/raft/entry.ts'
export type { RaftEvent } from './protocols/raft/event.ts'
export type { Membership, MembershipChange, MembershipStep } from './protocols/raft/membership.ts'
export type { Message, SnapshotMeta } from './protocols/raft/message.ts'
export { type FollowerProgress, Raft } from './protocols/raft/raft.ts'
