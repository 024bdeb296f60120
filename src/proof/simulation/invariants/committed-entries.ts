import { checksum } from '../../../foundation/checksum.ts'
import type { GroupId, LogIndex, NodeId } from '../../../foundation/ids.ts'
import type { Entry } from '../../../protocols/raft/entry.ts'
import type { Raft } from '../../../protocols/raft/raft.ts'
import type { CommandResult } from '../../../wire/command/command.ts'
import { BrokenInvariant, groupKey, type Invariant } from './invariant.ts'

interface Committed {
  readonly term: number
  readonly sum: number
  readonly result: string
}

/**
 * State-machine safety and leader completeness (paper, figure 3).
 *
 * All nodes apply the same entry at an index, in order, with the same result; and whoever becomes leader holds the
 * newest committed entry of an earlier term, hence, by log matching, all of them.
 */
export class CommittedEntries implements Invariant {
  readonly name = 'state machine safety'
  readonly #committed = new Map<number, Committed>()
  readonly #newest = new Map<GroupId, LogIndex>()
  readonly #appliedBy = new Map<string, LogIndex>()
  readonly #leaders = new Set<string>()
  /** A snapshot became the table; the log follows in the next step. */
  readonly #installed = new Map<string, LogIndex>()

  applied(node: NodeId, group: GroupId, entry: Entry, result: CommandResult | undefined): void {
    const at = `${node}/${group}`
    const before = this.#appliedBy.get(at)
    if (before !== undefined && entry.index !== before + 1) {
      throw new BrokenInvariant(this.name, `node ${node} applied index ${entry.index} after ${before}`)
    }
    this.#appliedBy.set(at, entry.index)
    const key = groupKey(group, entry.index)
    const now = { term: entry.term, sum: checksum(entry.data), result: JSON.stringify(result) }
    const known = this.#committed.get(key)
    if (known === undefined) {
      this.#committed.set(key, now)
      this.#newest.set(group, entry.index)
    } else if (known.term !== now.term || known.sum !== now.sum || known.result !== now.result) {
      const message = `node ${node} applied (${now.term}, ${now.result}) at index ${entry.index} where others applied (${known.term}, ${known.result})`
      throw new BrokenInvariant(this.name, message)
    }
  }

  installed(node: NodeId, group: GroupId, index: LogIndex): void {
    this.#appliedBy.set(`${node}/${group}`, index)
    this.#installed.set(`${node}/${group}`, index)
  }

  restarted(node: NodeId): void {
    for (const at of [...this.#appliedBy.keys()]) if (at.startsWith(`${node}/`)) this.#appliedBy.delete(at)
  }

  stepped(node: NodeId, group: GroupId, raft: Raft): void {
    if (this.#installed.size > 0) this.#compareInstalled(node, group, raft)
    if (raft.role !== 'leader') return
    const election = `${node}/${groupKey(group, raft.term)}`
    if (this.#leaders.has(election)) return
    this.#leaders.add(election)
    const newest = this.#newest.get(group)
    if (newest === undefined) return
    const { term } = this.#committed.get(groupKey(group, newest))!
    if (term > raft.term) return
    const held = raft.termAt(newest)
    // Compacted away means applied, and what was applied was compared above.
    if (held === undefined && raft.lastIndex >= newest) return
    if (held !== term) {
      const message = `node ${node} leads term ${raft.term} without the committed entry at index ${newest} of term ${term}`
      throw new BrokenInvariant('leader completeness', message)
    }
  }

  #compareInstalled(node: NodeId, group: GroupId, raft: Raft): void {
    const at = `${node}/${group}`
    const index = this.#installed.get(at)
    if (index === undefined) return
    this.#installed.delete(at)
    const held = raft.termAt(index)
    const committed = this.#committed.get(groupKey(group, index))
    if (held === undefined || committed === undefined || held === committed.term) return
    const message = `node ${node} installed a snapshot up to index ${index} of term ${committed.term}, and its log holds an entry of term ${held} there`
    throw new BrokenInvariant('a snapshot discards a log that conflicts', message)
  }
}
