import type { NodeId } from '../../foundation/ids.ts'
import type { Raft } from '../../protocols/raft/raft.ts'
import { endpoint } from '../../runtime/network.ts'
import type { Runtime } from '../../runtime/runtime.ts'

const POLL_MS = 5
/** From then on a timeout decides, as ever. */
const GIVE_UP_MS = 5_000

/**
 * Nobody can have voted in a new cluster, so nobody has to be waited for: its first member stands as soon as it reaches a
 * majority, instead of after an election timeout. It asks first (pre-vote), and stands down where somebody else was quicker.
 */
export function hastenFirstElection(
  runtime: Runtime,
  group: { readonly raft: Raft; campaign(): void },
): void {
  const { clock, network } = runtime
  const { raft } = group
  const { voters } = raft.membership
  const isFirst = voters.every((node) => raft.id <= node)
  if (!isFirst || raft.term > 0) return
  const giveUpMs = clock.monotonicMs() + GIVE_UP_MS
  const isReachable = (node: NodeId): boolean => node === raft.id || network.isReachable(endpoint(node))
  const look = (): void => {
    if (raft.term > 0 || raft.leader !== undefined || clock.monotonicMs() > giveUpMs) return
    if (voters.filter(isReachable).length > voters.length / 2) group.campaign()
    runtime.timer(POLL_MS, look)
  }
  runtime.timer(0, look)
}
