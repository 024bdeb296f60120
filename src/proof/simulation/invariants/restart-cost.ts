import type { GroupId, LogIndex, NodeId } from '../../../foundation/ids.ts'
import type { Entry } from '../../../protocols/raft/entry.ts'
import type { Raft } from '../../../protocols/raft/raft.ts'
import { BrokenInvariant, type Invariant } from './invariant.ts'
import { PerReplica } from './per-replica.ts'

/** A flush may be late by a stalled table, twice, and by a pause. */
const LATE_MS_MAX = 14_000
const SAMPLE_MS = 500

interface Life {
  /** Applied, now and then: newest last. */
  readonly samples: { readonly timeMs: number; readonly index: number }[]
  lastMs: number
  /** The table must hold everything up to here when the next life begins. */
  mustHold: number
}

/**
 * A restart costs the tail of the log and not the whole data set: what was applied longer ago than a flush may take is
 * in the table and is not applied again.
 */
export class RestartCost implements Invariant {
  readonly name = 'a restart applies the tail only'
  readonly #nowMs: () => number
  readonly #boundMs: number
  readonly #lives = new PerReplica<Life>()

  constructor(nowMs: () => number, storage: { readonly flushIntervalMs?: number | undefined }) {
    this.#nowMs = nowMs
    this.#boundMs = (storage.flushIntervalMs ?? 0) + LATE_MS_MAX
  }

  stepped(node: NodeId, group: GroupId, _raft: Raft): void {
    const life = this.#lives.get(node, group)
    if (life !== undefined) life.lastMs = this.#nowMs()
  }

  applied(node: NodeId, group: GroupId, { index }: Entry): void {
    let life = this.#lives.get(node, group)
    if (life === undefined) this.#lives.set(node, group, (life = { samples: [], lastMs: 0, mustHold: 0 }))
    if (index <= life.mustHold) {
      const message = `node ${node} applies index ${index} again: it had applied ${life.mustHold} more than ${this.#boundMs} ms before it stopped`
      throw new BrokenInvariant(this.name, message)
    }
    life.mustHold = 0
    const timeMs = this.#nowMs()
    life.lastMs = timeMs
    const newest = life.samples.at(-1)
    if (newest === undefined || timeMs - newest.timeMs >= SAMPLE_MS) life.samples.push({ timeMs, index })
  }

  installed(node: NodeId, group: GroupId, _index: LogIndex): void {
    this.#lives.delete(node, group)
  }

  restarted(node: NodeId): void {
    for (const life of this.#lives.of(node)) {
      // Nothing was applied since the last restart: what had to be there still has to.
      const held = life.samples.findLast(({ timeMs }) => timeMs <= life.lastMs - this.#boundMs)
      life.mustHold = Math.max(life.mustHold, held?.index ?? 0)
      life.samples.length = 0
    }
  }
}
