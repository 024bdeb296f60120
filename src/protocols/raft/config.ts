import type { NodeId } from '../../foundation/ids.ts'

export interface RaftConfig {
  readonly id: NodeId
  /** A follower that hears nothing for a time drawn from [this, twice this) stands for election. */
  readonly electionTimeoutMs: number
  readonly heartbeatIntervalMs: number
  /** Entries in one append message, in bytes of data; at least one entry always goes. */
  readonly appendBytesMax: number
  /** Append messages to one follower that are not yet acknowledged. */
  readonly inflightMessagesMax: number
  readonly inflightBytesMax: number
  /** Uncommitted data that a leader takes before it answers `overloaded`. */
  readonly uncommittedBytesMax: number
  /** A leader whose own disk has not finished a write for this long gives leadership up (a hung disk). */
  readonly durableProgressTimeoutMs: number
  /** Uniform in [0, 1): seeded in simulation. */
  readonly random: () => number
}

/** Suits a local network; what `dure up` uses. */
export const raftDefaults = {
  electionTimeoutMs: 400,
  heartbeatIntervalMs: 50,
  appendBytesMax: 1 << 20,
  inflightMessagesMax: 64,
  inflightBytesMax: 8 << 20,
  uncommittedBytesMax: 64 << 20,
  durableProgressTimeoutMs: 5_000,
} as const
