import { checksum } from '../../../foundation/checksum.ts'
import type { GroupId, LogIndex, NodeId } from '../../../foundation/ids.ts'
import type { Entry } from '../../../protocols/raft/entry.ts'
import type { Raft } from '../../../protocols/raft/raft.ts'
import type { CommandResult } from '../../../wire/command/command.ts'
import { BrokenInvariant, groupKey, type Invariant } from './invariant.ts'
import { PerReplica } from './per-replica.ts'
import { sameResult } from './same-result.ts'

interface Committed {
  readonly term: number
  readonly sum: number
  readonly result: CommandResult | undefined
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
  readonly #appliedBy = new PerReplica<LogIndex>()
  /** The term in which it led when its log was looked at. */
  readonly #led = new PerReplica<number>()
  /** A snapshot became the table; the log follows in the next step. */
  readonly #installed = new PerReplica<LogIndex>()
  #installedCount = 0

  applied(node: NodeId, group: GroupId, entry: Entry, result: CommandResult | undefined): void {
    const before = this.#appliedBy.get(node, group)
    if (before !== undefined && entry.index !== before + 1) {
      throw new BrokenInvariant(this.name, `node ${node} applied index ${entry.index} after ${before}`)
    }
    this.#appliedBy.set(node, group, entry.index)
    const key = groupKey(group, entry.index)
    const { term } = entry
    const sum = checksum(entry.data)
    const known = this.#committed.get(key)
    if (known === undefined) {
      this.#committed.set(key, { term, sum, result })
      this.#newest.set(group, entry.index)
    } else if (known.term !== term || known.sum !== sum || !sameResult(known.result, result)) {
      const [found, expected] = [JSON.stringify(result), JSON.stringify(known.result)]
      const message = `node ${node} applied (${term}, ${found}) at index ${entry.index} where others applied (${known.term}, ${expected})`
      throw new BrokenInvariant(this.name, message)
    }
  }

  installed(node: NodeId, group: GroupId, index: LogIndex): void {
    this.#appliedBy.set(node, group, index)
    if (this.#installed.get(node, group) === undefined) this.#installedCount++
    this.#installed.set(node, group, index)
  }

  restarted(node: NodeId): void {
    this.#appliedBy.forget(node)
  }

  stepped(node: NodeId, group: GroupId, raft: Raft): void {
    if (this.#installedCount > 0) this.#compareInstalled(node, group, raft)
    if (raft.role !== 'leader') return
    if (this.#led.get(node, group) === raft.term) return
    this.#led.set(node, group, raft.term)
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
    const index = this.#installed.get(node, group)
    if (index === undefined) return
    this.#installed.delete(node, group)
    this.#installedCount--
    const held = raft.termAt(index)
    const committed = this.#committed.get(groupKey(group, index))
    if (held === undefined || committed === undefined || held === committed.term) return
    const message = `node ${node} installed a snapshot up to index ${index} of term ${committed.term}, and its log holds an entry of term ${held} there`
    throw new BrokenInvariant('a snapshot discards a log that conflicts', message)
  }
}
