import { calmFaults, type Drill } from './drill.ts'

const TRANSFERS = 6
/** In election timeouts: up to the candidacy after the next. */
const DELAY_TIMEOUTS_MAX = 2
const BETWEEN_TIMEOUTS = 6
const RECOVER_MS_MAX = 10_000

/**
 * Votes, and the requests for them, are on their way for longer than an election takes, each for a time of its own: what
 * was given in one term arrives in a later one, before anybody was asked in that. It must not count.
 */
export const votesOnTheirWay: Drill = {
  name: 'votes are on their way for longer than an election',
  fault: 'reorder',
  faults: calmFaults,
  run({ world, cluster, random, electionTimeoutMs, isCalm, messages, leader, require, ...stage }) {
    const delays = random.fork('delays')
    const holdBack = (): void =>
      messages.slowDown((_from, _to, message) => {
        const isVote = message.type === 'vote-request' || message.type === 'vote-response'
        return isVote && !message.preVote ? delays.between(0, DELAY_TIMEOUTS_MAX) * electionTimeoutMs : 0
      })
    for (let i = 0; i < TRANSFERS; i++) {
      const from = leader()
      const to = random.pick(cluster.nodes.filter((node) => node !== from))
      world.run({ untilMs: world.nowMs + electionTimeoutMs })
      if (!isCalm) holdBack()
      world.note(`${from.process.name} hands over to ${to.process.name}`)
      from.node!.groups[0]!.transferLeadership(to.id)
      world.run({ untilMs: world.nowMs + BETWEEN_TIMEOUTS * electionTimeoutMs })
      messages.slowDown(undefined)
    }
    const before = stage.acknowledged()
    const serves = world.runUntil(() => stage.acknowledged() > before, { withinMs: RECOVER_MS_MAX })
    require(serves, 'votes arrive in time again, and nobody is served')
  },
}
