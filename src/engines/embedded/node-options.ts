import type { DureError } from '../../foundation/errors.ts'
import type { NodeId } from '../../foundation/ids.ts'
import type { raftDefaults } from '../../protocols/raft/config.ts'
import type { TableStore } from '../../storage/table/table.ts'
import type { StateMachineBounds } from './state-machine/state-machine.ts'

export interface NodeOptions {
  /** Chosen once for a cluster; nodes and clients of another one are refused. */
  readonly clusterId: string
  readonly nodeId: NodeId
  /** The members a new cluster starts with, and where each of them listens. */
  readonly members: readonly Member[]
  /**
   * Whether an empty data directory may be made into this node's. True once in a node's life: a node that comes back
   * with an empty directory has forgotten its vote, and must not start as if nothing had happened.
   */
  readonly initialize: boolean
  /** Whether the cluster is a new one, all of whose nodes start now: its first election waits for no timeout. */
  readonly foundsCluster?: boolean
  /**
   * A new node of a cluster that lives: it begins with nothing, not even members, and waits until a leader that was asked to
   * add it sends it everything. `members` says where it listens and where to begin to look.
   */
  readonly join?: boolean
  /** Raft groups on this node's one log; group 0 is the system group, which holds all keyspaces. */
  readonly groupCount?: number
  readonly openTables: (done: (error: Error | undefined, tables: TableStore | undefined) => void) => void
  readonly raft?: { readonly [Name in keyof typeof raftDefaults]?: number }
  readonly storage?: Partial<StorageOptions>
}

export interface Member {
  readonly node: NodeId
  /** Where peers and clients connect, `host:port`. */
  readonly address: string
  readonly httpAddress?: string
}

export interface StorageOptions {
  /** Of what is replicated: the same on every node of a cluster, so only tests choose it. */
  readonly stateMachine?: StateMachineBounds
  /** Committed bytes that gather in memory before they are flushed into the table. */
  readonly flushBytesMax: number
  /**
   * Log whose commands are applied and not flushed, at which a flush happens, too: rows that are written again and again take
   * no more room, and the log does.
   */
  readonly flushLogBytesMax: number
  /** A flush happens this long after a change at the latest: rarely, because the log's syncs wait beside it. */
  readonly flushIntervalMs: number
  /** Log that is kept behind the flushed table, so that a follower that was away needs no snapshot. */
  readonly logKeepBytes: number
  /** Unflushed bytes at which writes are refused until the table has caught up. */
  readonly unflushedBytesMax: number
  readonly segmentBytes: number
}

export const storageDefaults: StorageOptions = {
  flushBytesMax: 32 << 20,
  flushLogBytesMax: 96 << 20,
  flushIntervalMs: 60_000,
  logKeepBytes: 16 << 20,
  unflushedBytesMax: 256 << 20,
  segmentBytes: 16 << 20,
}

export type OpenCallback<Value> = (error: DureError | undefined, value: Value | undefined) => void
