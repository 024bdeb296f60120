import { checksum } from '../../../foundation/checksum.ts'
import type { GroupId, NodeId } from '../../../foundation/ids.ts'
import type { HardState } from '../../../protocols/raft/effect.ts'
import type { Entry } from '../../../protocols/raft/entry.ts'
import { BrokenInvariant, type Invariant } from './invariant.ts'

/** An entry at some index; `next` is one of another term at the same index, and there seldom is one. */
interface Known {
  readonly term: number
  readonly sum: number
  readonly next: Known | undefined
}

/**
 * Entries with the same index and term are the same on all nodes (paper, figure 3). With every write remembered by
 * (index, term) this needs no comparison of whole logs.
 */
export class LogMatching implements Invariant {
  readonly name = 'log matching'
  /** Per group and index. */
  readonly #entries = new Map<GroupId, (Known | undefined)[]>()

  persisted(
    node: NodeId,
    group: GroupId,
    _hardState: HardState | undefined,
    entries: readonly Entry[],
  ): void {
    if (entries.length === 0) return
    let all = this.#entries.get(group)
    if (all === undefined) this.#entries.set(group, (all = []))
    for (const entry of entries) {
      const { index, term } = entry
      const sum = checksum(entry.data, entry.kind.length)
      const newest = all[index]
      let known = newest
      while (known !== undefined && known.term !== term) known = known.next
      if (known === undefined) all[index] = { term, sum, next: newest }
      else if (known.sum !== sum) {
        const place = `index ${entry.index}, term ${entry.term}`
        throw new BrokenInvariant(this.name, `node ${node} holds another entry than its peers at ${place}`)
      }
    }
  }
}
