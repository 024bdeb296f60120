import type { GroupId, NodeId } from '../../../foundation/ids.ts'
import type { HardState } from '../../../protocols/raft/effect.ts'
import type { Entry } from '../../../protocols/raft/entry.ts'
import type { Raft } from '../../../protocols/raft/raft.ts'
import { readLogTime } from '../../../wire/command/log-time.ts'
import { BrokenInvariant, type Invariant } from './invariant.ts'

/** Clocks run at most so much too fast. */
const RATE_MAX = 1.003
/** Stamps are whole milliseconds. */
const ROUNDING_MS = 1

interface Reign {
  readonly term: number
  lastIndex: number
  /** The most that its log clock can say, and when that was so. */
  mostMs: number
  atMs: number
  /** Entries up to an index were proposed when its clock said no more than this. Oldest first; those not synced yet. */
  readonly proposals: { readonly lastIndex: number; readonly mostMs: number }[]
}

/**
 * Log time is made of time that passes while somebody leads: from one command to the next a leader adds no more than went
 * by, and begins with what it has applied. No clock that jumps has a part in it.
 */
export class LogTime implements Invariant {
  readonly name = 'log time passes no faster than time'
  readonly #nowMs: () => number
  /** Of what was applied anywhere. */
  readonly #appliedMs: () => number
  readonly #reigns = new Map<NodeId, Reign>()

  constructor(nowMs: () => number, appliedMs: () => number) {
    this.#nowMs = nowMs
    this.#appliedMs = appliedMs
  }

  stepped(node: NodeId, group: GroupId, { role, term, lastIndex }: Raft): void {
    if (role !== 'leader' || group !== 0) return
    const nowMs = this.#nowMs()
    const appliedMs = this.#appliedMs()
    const reign = this.#reigns.get(node)
    if (reign?.term !== term) {
      const proposals = [{ lastIndex, mostMs: appliedMs }]
      this.#reigns.set(node, { term, lastIndex, mostMs: appliedMs, atMs: nowMs, proposals })
      return
    }
    reign.mostMs = Math.max(reign.mostMs + (nowMs - reign.atMs) * RATE_MAX, appliedMs)
    reign.atMs = nowMs
    if (lastIndex === reign.lastIndex) return
    reign.lastIndex = lastIndex
    reign.proposals.push({ lastIndex, mostMs: reign.mostMs })
  }

  /** The first look that is had at what was proposed. */
  persisted(
    node: NodeId,
    group: GroupId,
    _hardState: HardState | undefined,
    entries: readonly Entry[],
  ): void {
    const reign = this.#reigns.get(node)
    if (reign === undefined || group !== 0) return
    const { proposals, term } = reign
    for (const entry of entries) {
      if (entry.term !== term || entry.kind !== 'command') continue
      while (proposals.length > 0 && proposals[0]!.lastIndex < entry.index) proposals.shift()
      const mostMs = (proposals[0]?.mostMs ?? Number.POSITIVE_INFINITY) + ROUNDING_MS
      const logTimeMs = readLogTime(entry.data)
      if (logTimeMs <= mostMs) continue
      const message = `leader ${node} stamped ${logTimeMs} ms on entry ${entry.index}, and no more than ${mostMs} can have passed`
      throw new BrokenInvariant(this.name, message)
    }
  }
}
