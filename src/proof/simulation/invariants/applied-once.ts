import { text } from '../../../foundation/bytes.ts'
import type { GroupId, LogIndex, NodeId } from '../../../foundation/ids.ts'
import type { Entry } from '../../../protocols/raft/entry.ts'
import { decodeCommand } from '../../../wire/command/codec.ts'
import type { CommandResult } from '../../../wire/command/command.ts'
import { BrokenInvariant, type Invariant } from './invariant.ts'

/**
 * A write happens once, however often it was sent: the workload writes every value once, so no value is committed at
 * two places. Also knows where each value was committed, for `settleUnknown`.
 */
export class AppliedOnce implements Invariant {
  readonly name = 'a write happens once'
  readonly #versions = new Map<string, LogIndex>()
  #newest = 0

  applied(_node: NodeId, _group: GroupId, entry: Entry, result: CommandResult | undefined): void {
    if (entry.index <= this.#newest) return
    this.#newest = entry.index
    if (result?.kind !== 'committed') return
    const command = decodeCommand(entry.data)
    if (command.kind !== 'commit') return
    for (const operation of command.operations) {
      if (operation.kind !== 'put') continue
      const value = text(operation.value)
      const before = this.#versions.get(value)
      // A retry is applied too, and answered by what the first one remembered: its version is the first one's.
      if (before === undefined) this.#versions.set(value, result.version as number as LogIndex)
      else if (before !== (result.version as number)) {
        const message = `the write of ${value} was committed at index ${before} and again at ${result.version}`
        throw new BrokenInvariant(this.name, message)
      }
    }
  }

  /** Where a value was committed; undefined when it never was. */
  versionOf(value: string): number | undefined {
    return this.#versions.get(value)
  }
}
