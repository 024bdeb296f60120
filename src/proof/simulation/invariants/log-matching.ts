import { checksum } from '../../../foundation/checksum.ts'
import type { GroupId, NodeId } from '../../../foundation/ids.ts'
import type { HardState } from '../../../protocols/raft/effect.ts'
import type { Entry } from '../../../protocols/raft/entry.ts'
import { BrokenInvariant, groupKey, type Invariant } from './invariant.ts'

/**
 * Entries with the same index and term are the same on all nodes (paper, figure 3). With every write remembered by
 * (index, term) this needs no comparison of whole logs.
 */
export class LogMatching implements Invariant {
  readonly name = 'log matching'
  /** Per group and index: term, then checksum of the entry. */
  readonly #entries = new Map<number, Map<number, number>>()

  persisted(
    node: NodeId,
    group: GroupId,
    _hardState: HardState | undefined,
    entries: readonly Entry[],
  ): void {
    for (const entry of entries) {
      const key = groupKey(group, entry.index)
      let terms = this.#entries.get(key)
      if (terms === undefined) this.#entries.set(key, (terms = new Map()))
      const sum = checksum(entry.data, entry.kind.length)
      const known = terms.get(entry.term)
      if (known === undefined) terms.set(entry.term, sum)
      else if (known !== sum) {
        const place = `index ${entry.index}, term ${entry.term}`
        throw new BrokenInvariant(this.name, `node ${node} holds another entry than its peers at ${place}`)
      }
    }
  }
}
