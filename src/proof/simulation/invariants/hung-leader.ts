import type { GroupId, NodeId } from '../../../foundation/ids.ts'
import type { Raft } from '../../../protocols/raft/raft.ts'
import { BrokenInvariant, type Invariant } from './invariant.ts'
import { PerReplica } from './per-replica.ts'

interface Seen {
  lastMs: number
  durableIndex: number
  /** Awake time since the disk last moved while there was something to write. */
  waitedMs: number
}

/** A leader looks at its disk at each of its heartbeats: so many more than the bound are forgiven. */
const GRACE_MS = 1_000

/**
 * A node whose disk hangs does not go on leading (hung disks kept etcd leaders in office). Only time in which the node
 * was awake counts: a pause is not its fault.
 */
export class NoHungLeader implements Invariant {
  readonly name = 'no leader with a hung disk'
  readonly #nowMs: () => number
  readonly #boundMs: number
  readonly #heartbeatIntervalMs: number
  readonly #seen = new PerReplica<Seen>()

  constructor(
    nowMs: () => number,
    raft: { readonly durableProgressTimeoutMs: number; readonly heartbeatIntervalMs: number },
  ) {
    this.#nowMs = nowMs
    this.#boundMs = raft.durableProgressTimeoutMs * 1.01 + GRACE_MS
    this.#heartbeatIntervalMs = raft.heartbeatIntervalMs
  }

  stepped(node: NodeId, group: GroupId, raft: Raft): void {
    const nowMs = this.#nowMs()
    const { durableIndex } = raft
    let seen = this.#seen.get(node, group)
    if (seen === undefined) this.#seen.set(node, group, (seen = { lastMs: nowMs, durableIndex, waitedMs: 0 }))
    const awakeMs = Math.min(nowMs - seen.lastMs, 2 * this.#heartbeatIntervalMs)
    const isWaiting =
      raft.role === 'leader' && durableIndex < raft.lastIndex && durableIndex === seen.durableIndex
    seen.waitedMs = isWaiting ? seen.waitedMs + awakeMs : 0
    seen.lastMs = nowMs
    seen.durableIndex = durableIndex
    if (seen.waitedMs <= this.#boundMs) return
    throw new BrokenInvariant(
      this.name,
      `node ${node} leads, and its disk has finished nothing for ${Math.round(seen.waitedMs)} ms`,
    )
  }

  restarted(node: NodeId): void {
    this.#seen.forget(node)
  }
}
