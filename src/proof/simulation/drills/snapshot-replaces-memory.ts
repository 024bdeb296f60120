import { calmFaults, type Drill } from './drill.ts'

const NEW_CLIENTS = 4
const AWAY_MS = 2_000
const CATCH_UP_MS_MAX = 10_000
const AFTER_MS = 2_000

/**
 * A follower is cut off while clients come that it has not heard of, until the log that it misses is compacted. The
 * snapshot that it gets holds their sessions: it must answer them as everybody does.
 */
export const snapshotReplacesMemory: Drill = {
  name: 'a snapshot replaces what memory holds',
  fault: 'partition',
  faults: calmFaults,
  storage: { flushBytesMax: 1, flushIntervalMs: 20, logKeepBytes: 0 },
  run({ world, cluster, random, isCalm, leader, require, ...stage }) {
    world.run({ untilMs: world.nowMs + 1_000 })
    const first = leader()
    const away = random.pick(cluster.nodes.filter((node) => node !== first))
    const { raft } = away.node!.groups[0]!
    world.note(`${away.process.name} is cut off from its peers`)
    if (!isCalm) {
      for (const { process } of cluster.nodes)
        if (process !== away.process) world.network.cut(away.process, process)
    }
    const missing = raft.lastIndex
    stage.startClients(NEW_CLIENTS)
    world.run({ untilMs: world.nowMs + AWAY_MS })
    const isCompacted = (): boolean => leader().node!.groups[0]!.raft.base.index > missing
    require(world.runUntil(isCompacted, { withinMs: CATCH_UP_MS_MAX }), 'nothing is compacted')
    world.note('mended')
    world.network.heal()
    const goal = leader().node!.groups[0]!.raft.lastIndex
    const isCaughtUp = world.runUntil(() => raft.commitIndex >= goal, { withinMs: CATCH_UP_MS_MAX })
    require(isCaughtUp, `${away.process.name} does not catch up`)
    world.run({ untilMs: world.nowMs + AFTER_MS })
  },
}
