import { calmFaults, type Drill } from './drill.ts'
import { putRequest } from './put-request.ts'

const BOUND_BYTES = 16 << 10
const WRITE_BYTES = 1 << 10
/** Calm, a write is committed in a few of these. */
const WRITE_EVERY_MS = 2
/** Three times what the bound leaves room for. */
const WRITES = 48

/**
 * A leader that is cut off goes on getting writes, and for a while it takes them, because it does not know. It must stop
 * at its bound and tell its clients to slow down; what it never took certainly did not happen.
 */
export const saturatedLeader: Drill = {
  name: 'a cut-off leader does not take all that it gets',
  fault: 'partition',
  faults: calmFaults,
  // Long enough that it still leads when all are written.
  raft: { electionTimeoutMs: 600, heartbeatIntervalMs: 100, uncommittedBytesMax: BOUND_BYTES },
  run({ world, cluster, isCalm, leader, require, ...stage }) {
    world.run({ untilMs: world.nowMs + 1_000 })
    const old = leader()
    const { raft } = old.node!.groups[0]!
    world.note(`${old.process.name} is cut off from its peers`)
    if (!isCalm) {
      for (const { process } of cluster.nodes)
        if (process !== old.process) world.network.cut(old.process, process)
    }
    let slowedDown = 0
    for (let i = 0; i < WRITES; i++) {
      old.node!.request(putRequest('saturated', new Uint8Array(WRITE_BYTES)), 10_000, (response) => {
        if (response.status === 'error' && response.code === 'overloaded') slowedDown++
      })
      world.run({ untilMs: world.nowMs + WRITE_EVERY_MS })
    }
    require(raft.role === 'leader', `${old.process.name} does not lead any more: the drill shows nothing`)
    const isBounded = slowedDown > 0 === !isCalm
    require(isBounded, `${slowedDown} of ${WRITES} writes were told to slow down`)
    world.note('mended')
    world.network.heal()
    const before = stage.acknowledged()
    const serves = world.runUntil(() => stage.acknowledged() > before, { withinMs: 10_000 })
    require(serves, 'nobody is served any more')
  },
}
