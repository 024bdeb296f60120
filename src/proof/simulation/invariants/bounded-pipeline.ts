import type { GroupId, NodeId } from '../../../foundation/ids.ts'
import type { Raft } from '../../../protocols/raft/raft.ts'
import { BrokenInvariant, type Invariant } from './invariant.ts'

/** Entries that a leader adds by itself (a no-op, a membership change) are not held back. */
const OWN_ENTRIES_BYTES = 256

/** A leader never takes more proposals than its bound while others wait: beyond it, it tells clients to slow down. */
export class BoundedPipeline implements Invariant {
  readonly name = 'bounded pipeline'
  readonly #boundBytes: number
  readonly #before = new Map<string, number>()

  constructor(raft: { readonly uncommittedBytesMax: number }) {
    this.#boundBytes = raft.uncommittedBytesMax + OWN_ENTRIES_BYTES
  }

  stepped(node: NodeId, group: GroupId, raft: Raft): void {
    const at = `${node}/${groupTerm(group, raft)}`
    const bytes = raft.uncommittedBytes
    if (raft.role !== 'leader' || bytes === 0) {
      this.#before.delete(at)
      return
    }
    const before = this.#before.get(at) ?? bytes
    this.#before.set(at, bytes)
    if (bytes <= before || bytes <= this.#boundBytes || bytes - before <= OWN_ENTRIES_BYTES / 4) return
    throw new BrokenInvariant(
      this.name,
      `leader ${node} took ${bytes - before} bytes more with ${before} uncommitted: ${bytes} are over ${this.#boundBytes}`,
    )
  }

  restarted(node: NodeId): void {
    for (const at of [...this.#before.keys()]) if (at.startsWith(`${node}/`)) this.#before.delete(at)
  }
}

const groupTerm = (group: GroupId, raft: Raft): string => `${group}/${raft.term}`
