import { utf8 } from '../../../foundation/bytes.ts'
import { calmFaults, type Drill } from './drill.ts'
import { putRequest } from './put-request.ts'

const CUT_MS_MAX = 6_000
const CATCH_UP_MS_MAX = 10_000
const FURTHER_ENTRIES = 20

/** More than its successors commit until they have compacted. */
const LEFT_OVER_WRITES = 60

/**
 * A leader that is cut off goes on taking writes. When it is back, what its successors need not keep is compacted: it
 * gets a snapshot that ends in the middle of entries of its own that were never committed. The standing scenario meets
 * this once in hundreds of seeds.
 */
export const conflictingLog: Drill = {
  name: 'a snapshot over a conflicting log',
  fault: 'partition',
  faults: calmFaults,
  storage: { flushBytesMax: 1, flushIntervalMs: 20, logKeepBytes: 0 },
  run({ world, cluster, isCalm, leader, require }) {
    world.run({ untilMs: world.nowMs + 1_000 })
    const old = leader()
    const { raft } = old.node!.groups[0]!
    const shared = raft.lastIndex
    world.note(`${old.process.name} is cut off from its peers`)
    if (!isCalm) {
      for (const { process } of cluster.nodes)
        if (process !== old.process) world.network.cut(old.process, process)
    }
    for (let i = 0; i < LEFT_OVER_WRITES; i++)
      old.node!.request(putRequest('left over', utf8(`left over ${i}`)), 1_000, () => {})
    // The new leader has dropped what comes right after the last entry they share, and is not yet beyond the old one.
    const isReady = (): boolean => {
      const successor = leaderOf(cluster.nodes, raft.term)
      if (successor === undefined) return false
      const { base } = successor.raft
      return base.index > shared && base.index < raft.lastIndex
    }
    world.runUntil(isReady, { withinMs: CUT_MS_MAX })
    world.note('mended')
    world.network.heal()
    const goal = raft.lastIndex + FURTHER_ENTRIES
    const isCaughtUp = world.runUntil(() => raft.commitIndex >= goal, { withinMs: CATCH_UP_MS_MAX })
    require(isCaughtUp, `${old.process.name} does not catch up`)
  },
}

function leaderOf(nodes: Parameters<Drill['run']>[0]['cluster']['nodes'], afterTerm: number) {
  for (const { node } of nodes) {
    const group = node?.groups[0]
    if (group !== undefined && group.raft.role === 'leader' && group.raft.term > afterTerm) return group
  }
  return undefined
}
