import type { Group } from '../../engines/embedded/group.ts'
import type { OpenRequest } from '../../engines/embedded/requests/open-requests.ts'
import { encodeAddresses } from '../../engines/embedded/state-machine/members.ts'
import { groupId, type NodeId } from '../../foundation/ids.ts'
import type { Membership, MembershipChange, MembershipStep } from '../../protocols/raft/membership.ts'
import type { SeededRandom } from '../../runtime/seeded-random.ts'
import type { Simulation } from '../../runtime/simulated/simulation.ts'
import type { OperatorPlan } from './scenario.ts'
import type { SimulatedCluster } from './simulated-cluster.ts'

/** With fewer voters one crash would stop the cluster, and nothing would be learned until it is back. */
const VOTERS_MIN = 3
const SETTLE_EVERY_MS = 200
/** An empty change leaves a joint membership. */
const LEAVE: MembershipChange = { transition: 'auto', steps: [] }

/**
 * Somebody who runs the cluster, and is in a hurry: hands leadership over, adds, removes and swaps members while other
 * things go wrong, replaces machines that lost their data. At the end brings everybody back in.
 */
export class Operator {
  readonly counts = { transfers: 0, membershipChanges: 0 }
  readonly #world: Simulation
  readonly #cluster: SimulatedCluster
  readonly #random: SeededRandom
  readonly #untilMs: number

  constructor(world: Simulation, cluster: SimulatedCluster, plan: OperatorPlan, untilMs: number) {
    this.#world = world
    this.#cluster = cluster
    this.#random = world.random.fork('operator')
    this.#untilMs = untilMs
    this.#repeat(plan.transferEveryMs, this.#random.fork('transfer'), (random) => this.#transfer(random))
    this.#repeat(plan.membershipEveryMs, this.#random.fork('membership'), (random) => this.#change(random))
    world.after(untilMs, () => this.#settle())
  }

  /** Every machine that kept its data is a voter, and no change is half done. */
  get isSettled(): boolean {
    const membership = this.#leader()?.raft.membership
    return membership !== undefined && this.#missing(membership).length === 0 && !isJoint(membership)
  }

  #repeat(everyMs: number, random: SeededRandom, act: (random: SeededRandom) => void): void {
    if (everyMs <= 0) return
    const next = (): void => {
      this.#world.after(random.between(0.5, 1.5) * everyMs, () => {
        if (this.#world.nowMs >= this.#untilMs) return
        act(random)
        next()
      })
    }
    next()
  }

  #transfer(random: SeededRandom): void {
    const leader = this.#leader()
    if (leader === undefined) return
    const others = leader.raft.membership.voters.filter((node) => node !== leader.raft.id)
    if (others.length === 0) return
    this.counts.transfers++
    leader.transferLeadership(random.pick(others))
  }

  #change(random: SeededRandom): void {
    const leader = this.#leader()
    if (leader === undefined) return
    const { membership } = leader.raft
    this.#propose(leader, this.#draw(membership, random))
    // Impatient: the second must wait for the first.
    if (random.next() < 0.3) this.#propose(leader, this.#draw(membership, random))
  }

  #draw(membership: Membership, random: SeededRandom): MembershipChange | undefined {
    // One that leaves by itself is left alone: that it does is part of the promise.
    if (isJoint(membership)) return membership.autoLeave ? undefined : LEAVE
    const { voters } = membership
    const alive = this.#cluster.alive.map(({ id }) => id)
    const lost = [...voters, ...membership.learners].filter((node) => !alive.includes(node))
    const outside = alive.filter((node) => !voters.includes(node))
    const steps: MembershipStep[] = []
    const leaving = lost[0] ?? (voters.length > VOTERS_MIN ? random.pick(voters) : undefined)
    const coming = outside.length > 0 ? random.pick(outside) : undefined
    const both = random.next() < 0.4
    if (coming !== undefined && (both || leaving === undefined || random.next() < 0.5)) {
      const asLearner = random.next() < 0.3 && !membership.learners.includes(coming)
      steps.push({ kind: asLearner ? 'add-learner' : 'add-voter', node: coming })
    }
    if (leaving !== undefined && (both || steps.length === 0)) steps.push({ kind: 'remove', node: leaving })
    if (steps.length === 0) return undefined
    const dice = random.next()
    return { transition: dice < 0.6 ? 'auto' : dice < 0.9 ? 'joint' : 'joint-explicit', steps }
  }

  #settle(): void {
    const leader = this.#leader()
    if (leader !== undefined) this.#settleBy(leader)
    this.#world.after(SETTLE_EVERY_MS, () => this.#settle())
  }

  #settleBy(leader: Group): void {
    const { membership } = leader.raft
    if (isJoint(membership)) {
      if (!membership.autoLeave) this.#propose(leader, LEAVE)
      return
    }
    const step = this.#missing(membership)[0]
    if (step !== undefined) this.#propose(leader, { transition: 'auto', steps: [step] })
  }

  #missing({ voters, learners }: Membership): readonly MembershipStep[] {
    const alive = this.#cluster.alive.map(({ id }) => id)
    const come = alive.filter((node) => !voters.includes(node))
    const go = [...voters, ...learners].filter((node) => !alive.includes(node))
    return [
      ...come.map((node) => ({ kind: 'add-voter', node }) as const),
      ...go.map((node) => ({ kind: 'remove', node }) as const),
    ]
  }

  #propose(leader: Group, change: MembershipChange | undefined): void {
    if (change === undefined) return
    this.counts.membershipChanges++
    leader.changeMembership(withAddresses(change), nobodyAsks())
  }

  /** Of the newest term, when it can be asked at all. */
  #leader(): Group | undefined {
    let newest: Group | undefined
    for (const { node, process } of this.#cluster.alive) {
      const group = node?.groups[groupId(0)]
      if (group === undefined || group.raft.role !== 'leader' || process.isPaused || !process.isRunning)
        continue
      if (newest === undefined || group.raft.term > newest.raft.term) newest = group
    }
    return newest
  }
}

/** As an operator would say: also where those who come listen. */
export function withAddresses(change: MembershipChange): MembershipChange {
  const coming = change.steps.filter(({ kind }) => kind !== 'remove')
  if (coming.length === 0) return change
  const addresses = coming.map(({ node }) => ({ node, peer: `node/${node}`, http: '' }))
  return { ...change, context: encodeAddresses(addresses) }
}

const isJoint = ({ votersOutgoing }: { readonly votersOutgoing: readonly NodeId[] }): boolean =>
  votersOutgoing.length > 0

const nobodyAsks = (): OpenRequest => ({
  reply: () => {},
  deadlineMs: Number.POSITIVE_INFINITY,
  outcomeOnTimeout: 'failed',
})
