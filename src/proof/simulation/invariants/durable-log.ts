import type { GroupId, LogIndex, NodeId } from '../../../foundation/ids.ts'
import type { HardState } from '../../../protocols/raft/effect.ts'
import type { Entry } from '../../../protocols/raft/entry.ts'
import type { Raft } from '../../../protocols/raft/raft.ts'
import { BrokenInvariant, type Invariant } from './invariant.ts'
import { PerReplica } from './per-replica.ts'

interface Durable {
  term: number
  lastIndex: number
  /** By index; what is not here was not written while it was watched. */
  readonly terms: TermsByIndex
  /** Started again, and not looked at since. */
  isRestarted: boolean
}

/**
 * What was synced is there after a restart, and nothing counts as durable that was not synced as it stands in the log:
 * an acknowledgement rests on this.
 */
export class DurableLog implements Invariant {
  readonly name = 'what was synced stays'
  readonly #durable = new PerReplica<Durable>()

  persisted(node: NodeId, group: GroupId, hardState: HardState | undefined, entries: readonly Entry[]): void {
    const durable = this.#of(node, group)
    if (hardState !== undefined) durable.term = Math.max(durable.term, hardState.term)
    if (entries.length === 0) return
    for (const { index, term } of entries) durable.terms.set(index, term)
    durable.lastIndex = entries.at(-1)!.index
  }

  installed(node: NodeId, group: GroupId, index: LogIndex): void {
    const durable = this.#of(node, group)
    durable.terms.clear()
    durable.lastIndex = Math.max(durable.lastIndex, index)
  }

  restarted(node: NodeId): void {
    for (const durable of this.#durable.of(node)) durable.isRestarted = true
  }

  stepped(node: NodeId, group: GroupId, raft: Raft): void {
    const durable = this.#of(node, group)
    if (durable.isRestarted) this.#compare(node, durable, raft)
    // What replaced it may be on its way to the disk: from now on a crash may leave either.
    if (raft.lastIndex < durable.lastIndex) durable.lastIndex = raft.lastIndex
    const { durableIndex } = raft
    if (durableIndex === raft.base.index) return
    const written = durable.terms.get(durableIndex)
    if (
      durableIndex > durable.lastIndex ||
      (written !== undefined && written !== raft.termAt(durableIndex))
    ) {
      const what = `node ${node} counts index ${durableIndex} of term ${raft.termAt(durableIndex)} as durable`
      const held =
        written === undefined ? `ends at ${durable.lastIndex}` : `holds one of term ${written} there`
      throw new BrokenInvariant(
        'only what was synced counts as durable',
        `${what}, but what was synced ${held}`,
      )
    }
  }

  #compare(node: NodeId, durable: Durable, raft: Raft): void {
    durable.isRestarted = false
    if (raft.term < durable.term) {
      const message = `node ${node} had synced term ${durable.term} and came back in term ${raft.term}`
      throw new BrokenInvariant(this.name, message)
    }
    if (raft.lastIndex < durable.lastIndex) {
      const message = `node ${node} had synced entries up to ${durable.lastIndex} and came back with ${raft.lastIndex}`
      throw new BrokenInvariant(this.name, message)
    }
    // More may be there: what was written when it crashed.
    durable.lastIndex = raft.lastIndex
    durable.terms.clear()
  }

  #of(node: NodeId, group: GroupId): Durable {
    let durable = this.#durable.get(node, group)
    if (durable === undefined) {
      durable = { term: 0, lastIndex: 0, terms: new TermsByIndex(), isRestarted: false }
      this.#durable.set(node, group, durable)
    }
    return durable
  }
}

/** Written mostly in order: a list from the first index on. */
class TermsByIndex {
  #first = 0
  #terms: (number | undefined)[] = []

  get(index: number): number | undefined {
    return index < this.#first ? undefined : this.#terms[index - this.#first]
  }

  set(index: number, term: number): void {
    if (this.#terms.length === 0) this.#first = index
    if (index < this.#first) {
      this.#terms = [...new Array<undefined>(this.#first - index).fill(undefined), ...this.#terms]
      this.#first = index
    }
    const place = index - this.#first
    while (this.#terms.length < place) this.#terms.push(undefined)
    this.#terms[place] = term
  }

  clear(): void {
    this.#terms = []
  }
}
