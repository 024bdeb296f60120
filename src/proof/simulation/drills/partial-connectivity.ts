import type { SimulatedNode } from '../simulated-cluster.ts'
import { calmFaults, type Drill, type Stage } from './drill.ts'

const AWAY_TIMEOUTS = 12
const DEAF_MS = 8_000

/**
 * Partial connectivity needs both halves: pre-vote, so that a follower that was cut off comes back without unseating a
 * working leader; and check-quorum, so that a leader that hears nobody makes way although everybody hears it.
 */
export const partialConnectivity: Drill = {
  name: 'partial connectivity',
  fault: 'partition',
  faults: calmFaults,
  run(stage) {
    followerReturns(stage)
    leaderIsDeaf(stage)
  },
}

function followerReturns({ world, cluster, random, electionTimeoutMs, isCalm, ...stage }: Stage): void {
  world.run({ untilMs: world.nowMs + 1_000 })
  const leader = stage.leader()
  const { term } = raftOf(leader)
  const follower = random.pick(cluster.nodes.filter((node) => node !== leader))
  world.note(`${follower.process.name} is cut off`)
  if (!isCalm) world.network.isolate(follower.process)
  world.run({ untilMs: world.nowMs + AWAY_TIMEOUTS * electionTimeoutMs })
  world.note('mended')
  world.network.heal()
  world.run({ untilMs: world.nowMs + AWAY_TIMEOUTS * electionTimeoutMs })
  stage.require(
    stage.leader() === leader && raftOf(leader).term === term,
    `${follower.process.name} came back and unseated ${leader.process.name}`,
  )
}

function leaderIsDeaf({ world, cluster, isCalm, ...stage }: Stage): void {
  const leader = stage.leader()
  world.note(`${leader.process.name} hears no other node`)
  if (!isCalm) {
    for (const { process } of cluster.nodes)
      if (process !== leader.process) world.network.cutOneWay(process, leader.process)
  }
  world.run({ untilMs: world.nowMs + DEAF_MS / 2 })
  const before = stage.acknowledged()
  world.run({ untilMs: world.nowMs + DEAF_MS / 2 })
  stage.require(
    stage.acknowledged() > before,
    `${leader.process.name} hears no other node and keeps the others from electing one`,
  )
  world.network.heal()
}

const raftOf = ({ node }: SimulatedNode) => node!.groups[0]!.raft
