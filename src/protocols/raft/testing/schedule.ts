import { utf8 } from '../../../foundation/bytes.ts'
import { type NodeId, nodeId } from '../../../foundation/ids.ts'
import type { MembershipStep } from '../membership.ts'
import { Cluster } from './cluster.ts'

/** A small generator of its own, so that a schedule depends on its seed alone (xorshift). */
export function seeded(seed: number): () => number {
  let state = seed | 0 || 0x9e3779b9
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 2 ** 32
  }
}

export interface ScheduleReport {
  readonly elections: number
  readonly committed: number
  readonly snapshots: number
  readonly memberships: number
  readonly reads: number
  readonly crashes: number
}

const NODES_MAX = 6

/**
 * A few nodes under a random schedule: messages lost, doubled, reordered, cut off; writes that wait; crashes that lose
 * what was not written; compaction, snapshots, changes of membership, reads, transfers. Then everything is healed and
 * the cluster must come to agree.
 */
export function runSchedule(seed: number, steps: number): ScheduleReport {
  const random = seeded(seed)
  const pick = (count: number) => Math.floor(random() * count)
  const count = { elections: 0, snapshots: 0, memberships: 0, reads: 0, crashes: 0 }
  const cluster = new Cluster({
    voters: [1, 3, 3, 3, 4, 5][pick(6)]!,
    config: {
      random,
      appendBytesMax: [20, 60, 1_000][pick(3)]!,
      inflightMessagesMax: [1, 2, 8][pick(3)]!,
      inflightBytesMax: [50, 1_000][pick(2)]!,
      uncommittedBytesMax: [200, 10_000][pick(2)]!,
      durableProgressTimeoutMs: [400, 5_000][pick(2)]!,
    },
    observe: (_, __, effects) => {
      for (const effect of effects) {
        if (effect.type === 'role' && effect.role === 'leader') count.elections++
        if (effect.type === 'install-snapshot') count.snapshots++
        if (effect.type === 'membership') count.memberships++
        if (effect.type === 'read') count.reads++
      }
    },
  })
  const { network, nodes } = cluster
  // Swarm: each schedule has faults of its own kinds and strengths.
  const lossRate = random() < 0.5 ? random() * 0.3 : 0
  const copyRate = random() < 0.5 ? random() * 0.3 : 0
  const reorders = random() < 0.6
  const crashWeight = random() < 0.6 ? 2 : 0
  const cutWeight = random() < 0.6 ? 2 : 0
  const changeWeight = random() < 0.5 ? 3 : 0
  const compactWeight = random() < 0.7 ? 3 : 0
  const slowDisks = random() < 0.5
  // The disk of one node may lag far behind the others.
  const laggard = random() < 0.5 ? 1 + pick(5) : 0
  let cut = new Set<number>()
  // A process that stands still: it gets what was sent meanwhile when it goes on.
  const pauseWeight = random() < 0.5 ? 2 : 0
  let paused: NodeId | undefined
  const anyNode = () => [...nodes.keys()][pick(nodes.size)]!
  const someLeader = () => (random() < 0.8 ? cluster.leader?.id : undefined) ?? anyNode()

  const deliver = (times: number) => {
    for (let i = 0; i < times && network.length > 0; i++) {
      const at = reorders ? pick(network.length) : 0
      const message = network[at]!
      if (message.to === paused) continue
      if (cut.has(message.from) !== cut.has(message.to) || random() < lossRate) network.splice(at, 1)
      else {
        if (random() < copyRate) network.push(message)
        cluster.deliverAt(at)
      }
    }
    if (network.length > 400) network.splice(0, network.length - 400)
  }
  const change = (): MembershipStep => {
    const kind = (['add-voter', 'add-learner', 'remove'] as const)[pick(3)]!
    const node = nodeId(1 + pick(NODES_MAX))
    if (kind !== 'remove' && !nodes.has(node)) cluster.add(node)
    return { kind, node }
  }

  const actions: readonly [number, () => void][] = [
    [30, () => deliver(1 + pick(8))],
    [
      20,
      () => {
        const id = anyNode()
        if (id === paused) return
        if (id !== laggard) cluster.persist(id, slowDisks ? 1 + pick(3) : undefined)
        else if (random() < 0.2) cluster.persist(id, 1)
      },
    ],
    [10, () => cluster.advance(pick(60), paused)],
    [2, () => cluster.advance(pick(700), paused)],
    [1, () => cluster.tick(anyNode())],
    [
      12,
      () =>
        cluster.propose(someLeader(), ...Array.from({ length: 1 + pick(4) }, () => utf8(`${pick(1_000)}`))),
    ],
    [4, () => cluster.read(someLeader())],
    [8, () => cluster.workOnTable(anyNode())],
    [3, () => cluster.node(anyNode()).flushTable()],
    [1, () => cluster.transfer(someLeader(), anyNode())],
    [
      pauseWeight,
      () => {
        const resumed = paused
        paused = resumed === undefined ? someLeader() : undefined
        // Who reads right after a pause must not get what was true before it.
        if (resumed !== undefined) cluster.read(resumed)
      },
    ],
    [compactWeight, () => cluster.compact(anyNode(), pick(3) * 60)],
    [
      changeWeight,
      () => {
        const transition = (['auto', 'auto', 'joint', 'joint-explicit'] as const)[pick(4)]!
        cluster.change(someLeader(), { transition, steps: Array.from({ length: pick(4) }, change) })
      },
    ],
    [
      crashWeight,
      () => {
        const node = cluster.node(anyNode())
        if (!node.isUp) cluster.restart(node.id)
        else if (node.disk.table.membership.voters.length > 0 || random() < 0.2) {
          count.crashes++
          cluster.crash(node.id, pick(node.logWrites.length + 1))
          if (random() < 0.5) cluster.restart(node.id)
        }
      },
    ],
    [cutWeight, () => (cut = random() < 0.4 ? new Set() : new Set([someLeader(), anyNode()].slice(pick(2))))],
    [
      6,
      () => {
        for (const id of nodes.keys()) if (id !== laggard && id !== paused) cluster.persist(id)
        deliver(20)
      },
    ],
  ]
  const total = actions.reduce((sum, [weight]) => sum + weight, 0)
  for (let i = 0; i < steps; i++) {
    let left = random() * total
    for (const [weight, act] of actions) {
      left -= weight
      if (left < 0) {
        act()
        break
      }
    }
  }

  // Heal. Whatever happened, the cluster must make progress again and agree.
  cut = new Set()
  for (const node of nodes.values()) if (!node.isUp) cluster.restart(node.id)
  let token = 0
  for (let tries = 0; ; tries++) {
    cluster.run(500)
    const leader = cluster.leader
    if (leader !== undefined) {
      const answer = cluster.answers.get(token)
      if (
        answer?.type === 'proposed' &&
        leader.raft.commitIndex >= answer.firstIndex &&
        answer.term === leader.raft.term
      )
        break
      token = cluster.propose(leader.id, utf8('last'))
    }
    if (tries > 40)
      throw new Error(`liveness: no progress after healing (seed ${seed}): ${describe(cluster)}`)
  }
  for (let tries = 0; !agrees(cluster); tries++) {
    cluster.run(500)
    if (tries > 40)
      throw new Error(`liveness: no agreement after healing (seed ${seed}): ${describe(cluster)}`)
  }
  return { ...count, committed: cluster.safety.committedIndex }
}

function agrees(cluster: Cluster): boolean {
  const leader = cluster.leader
  if (leader === undefined || leader.raft.membership.autoLeave) return false
  const { voters, votersOutgoing, learners } = leader.raft.membership
  return [...voters, ...votersOutgoing, ...learners].every((id) => {
    const { table } = cluster.node(id)
    return table.index === leader.raft.lastIndex && table.digest === leader.table.digest
  })
}

const describe = (cluster: Cluster): string =>
  [...cluster.nodes.values()]
    .map(
      ({ id, raft, table }) =>
        `${id}: ${raft.role} term ${raft.term} commit ${raft.commitIndex} last ${raft.lastIndex} table ${table.index} ${JSON.stringify(raft.membership)} ${JSON.stringify(raft.progress)}`,
    )
    .join('\n')
