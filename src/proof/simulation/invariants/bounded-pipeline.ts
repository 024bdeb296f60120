import type { GroupId, NodeId } from '../../../foundation/ids.ts'
import type { Raft } from '../../../protocols/raft/raft.ts'
import { BrokenInvariant, type Invariant } from './invariant.ts'
import { PerReplica } from './per-replica.ts'

/** Entries that a leader adds by itself (a no-op, a membership change) are not held back. */
const OWN_ENTRIES_BYTES = 256

/** A leader never takes more proposals than its bound while others wait: beyond it, it tells clients to slow down. */
export class BoundedPipeline implements Invariant {
  readonly name = 'bounded pipeline'
  readonly #boundBytes: number
  readonly #before = new PerReplica<{ readonly term: number; bytes: number }>()

  constructor(raft: { readonly uncommittedBytesMax: number }) {
    this.#boundBytes = raft.uncommittedBytesMax + OWN_ENTRIES_BYTES
  }

  stepped(node: NodeId, group: GroupId, raft: Raft): void {
    const bytes = raft.uncommittedBytes
    if (raft.role !== 'leader' || bytes === 0) {
      this.#before.delete(node, group)
      return
    }
    const { term } = raft
    const seen = this.#before.get(node, group)
    if (seen?.term !== term) {
      this.#before.set(node, group, { term, bytes })
      return
    }
    const before = seen.bytes
    seen.bytes = bytes
    if (bytes <= before || bytes <= this.#boundBytes || bytes - before <= OWN_ENTRIES_BYTES / 4) return
    throw new BrokenInvariant(
      this.name,
      `leader ${node} took ${bytes - before} bytes more with ${before} uncommitted: ${bytes} are over ${this.#boundBytes}`,
    )
  }

  restarted(node: NodeId): void {
    this.#before.forget(node)
  }
}
