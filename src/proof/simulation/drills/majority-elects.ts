import { raftDefaults } from '../../../protocols/raft/config.ts'
import { calmFaults, type Drill } from './drill.ts'

const ELECTED_MS_MAX = 1_000
const { electionTimeoutMs, heartbeatIntervalMs } = raftDefaults

/** Cut off from its leader and from one more node, with the timeouts of a real cluster, a majority has a leader of its own soon. */
export const majorityElects: Drill = {
  name: 'a majority that is cut off from its leader elects one within a second',
  fault: 'partition',
  faults: calmFaults,
  raft: { electionTimeoutMs, heartbeatIntervalMs },
  run({ world, cluster, random, isCalm, leader, require }) {
    world.run({ untilMs: world.nowMs + random.between(500, 1_000) })
    const old = leader()
    const companion = random.pick(cluster.nodes.filter((node) => node !== old))
    const majority = cluster.nodes.filter((node) => node !== old && node !== companion)
    const { term } = old.node!.groups[0]!.raft
    const minority = [old.process, companion.process]
    world.note('cut in two')
    if (!isCalm) world.network.partition([minority, majority.map(({ process }) => process)])
    const isElected = (): boolean =>
      majority.some(({ node }) => {
        const { raft } = node!.groups[0]!
        return raft.role === 'leader' && raft.term > term
      })
    const wasElected = world.runUntil(isElected, { withinMs: ELECTED_MS_MAX })
    require(wasElected === !isCalm, isCalm ? 'nothing was cut, and another one leads' : 'nobody leads yet')
  },
}
