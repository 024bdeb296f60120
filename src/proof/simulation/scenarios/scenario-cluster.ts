// Long because it is the one vocabulary of all scenarios: a verb in another file is a verb that nobody finds.
import { Client } from '../../../engines/client/client.ts'
import type { Group } from '../../../engines/embedded/group.ts'
import type { EmbeddedNode } from '../../../engines/embedded/node.ts'
import { RemoteTransport } from '../../../engines/remote/remote-transport.ts'
import { assert } from '../../../foundation/assert.ts'
import { utf8 } from '../../../foundation/bytes.ts'
import { type NodeId, nodeId, sessionId } from '../../../foundation/ids.ts'
import { raftDefaults } from '../../../protocols/raft/config.ts'
import type { MembershipStep } from '../../../protocols/raft/membership.ts'
import type { Raft } from '../../../protocols/raft/raft.ts'
import type { SeededRandom } from '../../../runtime/seeded-random.ts'
import { type FaultPlan, type NetworkFaults, noFaults } from '../../../runtime/simulated/faults.ts'
import type { SimulatedProcess } from '../../../runtime/simulated/simulated-process.ts'
import { Simulation } from '../../../runtime/simulated/simulation.ts'
import { encodeCommand } from '../../../wire/command/codec.ts'
import type { MemberRequest, Response } from '../../../wire/parcel/parcel.ts'
import { HistoryRecorder } from '../../verify/history/history-recorder.ts'
import type { KeyValueInput, KeyValueOutput } from '../../verify/linearizability/key-value-model.ts'
import { describeMessage } from '../describe-message.ts'
import { CommittedEntries } from '../invariants/committed-entries.ts'
import { ElectionSafety } from '../invariants/election-safety.ts'
import type { Invariant } from '../invariants/invariant.ts'
import { LogMatching } from '../invariants/log-matching.ts'
import { MonotonicCommit } from '../invariants/monotonic-commit.ts'
import { SingleVote } from '../invariants/single-vote.ts'
import { StandingClient } from '../load/standing-client.ts'
import { withAddresses } from '../operator.ts'
import { type ClusterPlan, SimulatedCluster, type SimulatedNode } from '../simulated-cluster.ts'
import { MessageTally } from './message-tally.ts'
import { settle } from './settle.ts'

export interface ClusterShape extends Partial<Pick<ClusterPlan, 'raft' | 'storage' | 'groupCount'>> {
  readonly nodes: number
  /** The network loses a tenth of all messages and delays the others, from the beginning. */
  readonly unreliable?: boolean
  /** What else the network does, until it is made reliable. */
  readonly network?: Partial<NetworkFaults>
  /** Beside those that every scenario is checked against. */
  readonly invariants?: readonly Invariant[]
}

/** A value on its way: written under a key of its own. */
export interface Proposal {
  readonly key: string
  outcome: 'open' | 'committed' | 'failed' | 'unknown'
}

/** `response` undefined while nobody has answered. */
export interface MemberAnswer {
  response: Response | undefined
}

const ELECTION_MS_MAX = 5_000
const AGREEMENT_MS_MAX = 20_000
/** How long a leader is given to get a value to everybody before another one is asked. */
const ATTEMPT_MS_MAX = 2_000
const REQUEST_TIMEOUT_MS = 5_000

/** Tables that just work, cut into several chunks. */
const calmTables = { delayMs: () => 1, flushError: () => undefined, chunkBytes: 1_024 }

/**
 * A small cluster for one test, told what to do in sentences. Time is virtual and moves only inside of its calls. Every
 * event is checked against the invariants; `overSeeds` ends each run with `settle`.
 *
 * ```ts
 * overSeeds([1, 2, 3], { nodes: 3 }, (cluster) => {
 *   const leader = cluster.leader()
 *   cluster.cutOff(leader)
 *   cluster.agree({ on: 2 })
 *   cluster.reconnect(leader)
 *   cluster.agree({ on: 3 })
 * })
 * ```
 */
export class ScenarioCluster {
  readonly world: Simulation
  readonly random: SeededRandom
  readonly messages = new MessageTally()
  readonly recorder = new HistoryRecorder<KeyValueInput, KeyValueOutput>()
  readonly clients: StandingClient[] = []
  readonly electionTimeoutMs: number
  readonly heartbeatIntervalMs: number
  readonly #cluster: SimulatedCluster
  readonly #network: { -readonly [Name in keyof NetworkFaults]: NetworkFaults[Name] }
  readonly #cutOff = new Set<NodeId>()
  readonly #retired = new Set<NodeId>()
  #proposals = 0
  #keys = 0

  constructor(seed: number, shape: ClusterShape) {
    const calm = noFaults()
    this.#network = { ...calm.network }
    const faults: FaultPlan = {
      ...calm,
      network: this.#network,
      disk: { ...calm.disk, loseUnsynced: true, tear: true },
    }
    this.electionTimeoutMs = shape.raft?.electionTimeoutMs ?? raftDefaults.electionTimeoutMs
    this.heartbeatIntervalMs = shape.raft?.heartbeatIntervalMs ?? raftDefaults.heartbeatIntervalMs
    this.world = new Simulation({
      seed,
      faults,
      describeMessage,
      replay: `DURE_SEED=${seed} npm test -- src/proof/simulation/scenarios`,
    })
    this.random = this.world.random.fork('scenario')
    const plan: ClusterPlan = {
      nodeCount: shape.nodes,
      raft: shape.raft ?? {},
      // Small segments: preparing large ones would be most of the work.
      storage: { segmentBytes: 64 << 10, ...shape.storage },
      groupCount: shape.groupCount ?? 1,
      tableFaults: calmTables,
      wrapRuntime: (runtime, id) => this.messages.watch(runtime, id),
    }
    this.#cluster = new SimulatedCluster(this.world, plan, [
      new ElectionSafety(),
      new SingleVote(),
      new LogMatching(),
      new CommittedEntries(),
      new MonotonicCommit(),
      ...(shape.invariants ?? []),
    ])
    if (shape.unreliable) this.becomeUnreliable()
    Object.assign(this.#network, shape.network)
    this.#cluster.start()
  }

  // Time.

  run(forMs: number): void {
    this.world.run({ untilMs: this.world.nowMs + forMs })
  }

  /** Runs until it holds, and fails when it does not. */
  until(what: string, condition: () => boolean, withinMs = AGREEMENT_MS_MAX): void {
    if (this.world.runUntil(condition, { withinMs })) return
    throw new Error(`${what}: not within ${withinMs} ms of virtual time`)
  }

  // Nodes.

  get ids(): readonly NodeId[] {
    return this.#cluster.nodes.map(({ id }) => id)
  }

  /** Up, and not cut off. */
  get connected(): readonly NodeId[] {
    return this.ids.filter((id) => this.isUp(id) && !this.#cutOff.has(id))
  }

  /** All that belong to the cluster: not those that were retired. */
  get present(): readonly NodeId[] {
    return this.ids.filter((id) => !this.#retired.has(id))
  }

  get addresses(): readonly string[] {
    return this.#cluster.addresses
  }

  others(...ids: readonly NodeId[]): readonly NodeId[] {
    return this.present.filter((id) => !ids.includes(id))
  }

  isUp(id: NodeId): boolean {
    const { process, node } = this.#node(id)
    return process.isRunning && node !== undefined
  }

  node(id: NodeId): EmbeddedNode {
    const { node } = this.#node(id)
    assert(node !== undefined && this.isUp(id), `node ${id} is up when it is looked at`)
    return node
  }

  group(id: NodeId, group = 0): Group {
    return this.node(id).groups[group]!
  }

  raft(id: NodeId): Raft {
    return this.group(id).raft
  }

  crash(id: NodeId): void {
    const node = this.#node(id)
    node.process.crash()
    node.node = undefined
  }

  restart(id: NodeId): void {
    this.crash(id)
    this.#node(id).process.restart()
  }

  restartAll(): void {
    for (const id of this.present) this.restart(id)
  }

  pause(id: NodeId): void {
    this.#node(id).process.pause()
  }

  resume(id: NodeId): void {
    this.#node(id).process.resume()
  }

  /** Its machine is taken away for good. */
  retire(id: NodeId): void {
    this.#retired.add(id)
    this.crash(id)
    this.#process(id).retire()
  }

  // The network.

  cutOff(...ids: readonly NodeId[]): void {
    for (const id of ids) {
      this.#cutOff.add(id)
      this.world.network.isolate(this.#process(id))
    }
  }

  reconnect(...ids: readonly NodeId[]): void {
    for (const id of ids) this.#cutOff.delete(id)
    for (const id of ids) {
      for (const other of this.world.processes) {
        if (other.nodeId === 0 || !this.#cutOff.has(nodeId(other.nodeId)))
          this.world.network.mend(this.#process(id), other)
      }
    }
  }

  isCutOff(id: NodeId): boolean {
    return this.#cutOff.has(id)
  }

  split(...sides: readonly (readonly NodeId[])[]): void {
    this.world.network.partition(sides.map((side) => side.map((id) => this.#process(id))))
  }

  heal(): void {
    this.#cutOff.clear()
    this.world.network.heal()
  }

  becomeUnreliable(): void {
    this.#network.lossProbability = 0.1
    this.#network.jitterMs = 26
  }

  /** Two thirds of all answers come very late, and so in any order. */
  delayAnswers(): void {
    const { random } = this
    this.messages.slowDown((_from, _to, { type }) =>
      type.endsWith('-response') && random.next() < 2 / 3 ? random.between(200, 2_200) : 0,
    )
  }

  becomeReliable(): void {
    Object.assign(this.#network, noFaults().network)
    this.messages.slowDown(undefined)
    this.messages.lose(undefined)
  }

  // Leaders.

  /** Who leads, followed by a majority. Waits for an election when it must. */
  leader(): NodeId {
    this.until(
      'a leader that a majority follows',
      () => this.#followedLeader() !== undefined,
      ELECTION_MS_MAX,
    )
    return this.#followedLeader()!
  }

  /** As it is now: the leader of the newest term among those that are connected. */
  get presentLeader(): NodeId | undefined {
    let leader: NodeId | undefined
    for (const id of this.connected) {
      if (this.raft(id).role !== 'leader') continue
      if (leader === undefined || this.raft(id).term > this.raft(leader).term) leader = id
    }
    return leader
  }

  get term(): number {
    return Math.max(0, ...this.connected.map((id) => this.raft(id).term))
  }

  #followedLeader(): NodeId | undefined {
    const leader = this.presentLeader
    if (leader === undefined) return undefined
    const { term, membership } = this.raft(leader)
    const followers = this.connected.filter(
      (id) =>
        membership.voters.includes(id) && this.raft(id).leader === leader && this.raft(id).term === term,
    )
    return followers.length > membership.voters.length / 2 ? leader : undefined
  }

  // Values.

  /** Hands a value to one node and goes on at once. */
  propose(to: NodeId, options: { readonly key?: string; readonly bytes?: number } = {}): Proposal {
    const number = ++this.#proposals
    const { key = this.newKey(), bytes = 0 } = options
    const value = `${number}.`.padEnd(bytes, '.')
    const operation = this.recorder.start(number, { kind: 'put', key, value })
    const proposal: Proposal = { key, outcome: 'open' }
    const command = encodeCommand({
      kind: 'commit',
      logTimeMs: 0,
      session: sessionId(0),
      sequence: 0,
      lowWater: 0,
      idempotencyKey: '',
      comparisons: [],
      operations: [{ kind: 'put', key: utf8(key), value: utf8(value) }],
    })
    this.node(to).request({ kind: 'command', command }, REQUEST_TIMEOUT_MS, (response) => {
      if (response.status === 'command' && response.result.kind === 'committed') {
        const { version, existed } = response.result
        proposal.outcome = 'committed'
        operation.complete({ kind: 'written', version, existed })
      } else if (response.status === 'error' && response.outcome === 'failed') {
        proposal.outcome = 'failed'
        operation.fail()
      } else {
        proposal.outcome = 'unknown'
        operation.unknown()
      }
    })
    return proposal
  }

  /** Runs until all nodes have told each other where they listen: then nothing is written that a test did not ask for. */
  becomeQuiet(): void {
    const knowsAll = (id: NodeId): boolean =>
      this.connected.every((other) => this.group(id).stateMachine.members.get(other) !== undefined)
    this.until('everybody knows where the others listen', () => this.connected.every(knowsAll))
  }

  newKey(): string {
    return `v${String(++this.#keys).padStart(6, '0')}`
  }

  /** Nodes that have applied it. */
  holders({ key }: { readonly key: string }): number {
    const bytes = utf8(key)
    return this.ids.filter((id) => this.isUp(id) && this.group(id).stateMachine.get(bytes).exists).length
  }

  /**
   * Brings one value to so many nodes, whoever leads, with as many attempts as it takes: all that are connected unless
   * said.
   */
  agree(options: { readonly on?: number; readonly bytes?: number } = {}): void {
    // Also those that are starting still: they will be there.
    const reached = this.ids.filter((id) => this.#process(id).isRunning && !this.#cutOff.has(id))
    const { on = reached.length, bytes = 0 } = options
    const key = this.newKey()
    const giveUpMs = this.world.nowMs + AGREEMENT_MS_MAX
    while (this.world.nowMs < giveUpMs) {
      const leader = this.presentLeader
      if (leader === undefined) {
        this.run(10)
        continue
      }
      const proposal = this.propose(leader, { key, bytes })
      const arrived = () => this.holders({ key }) >= on
      const refused = () => proposal.outcome === 'failed' || proposal.outcome === 'unknown'
      this.world.runUntil(() => arrived() || refused(), { withinMs: ATTEMPT_MS_MAX })
      if (arrived()) return
      if (refused()) this.run(10)
    }
    throw new Error(`${key} did not reach ${on} nodes within ${AGREEMENT_MS_MAX} ms of virtual time`)
  }

  /** Brings what was applied into the tables and cuts the logs behind it. */
  compact(...ids: readonly NodeId[]): void {
    let waiting = 0
    for (const id of ids) {
      waiting++
      this.group(id).flush(() => waiting--)
    }
    this.until('flushed', () => waiting === 0 || !ids.every((id) => this.isUp(id)))
  }

  /** Clients that do a bit of everything, all the time. */
  startClients(count: number, options: { readonly keyCount?: number; readonly thinkMs?: number } = {}): void {
    const { keyCount = 6, thinkMs = 20 } = options
    for (let i = 0; i < count; i++) {
      const process = this.world.spawn(`client ${i}`, { promises: false })
      process.start((runtime) => {
        const client = new Client(runtime, new RemoteTransport(runtime, this.addresses))
        const workload = { keyCount, thinkMs, timeoutMs: 2_000 }
        const started = new StandingClient(-2 - i, runtime, client, this.recorder, workload)
        this.clients.push(started)
        started.start()
      })
    }
  }

  get answered(): number {
    return this.clients.reduce((sum, { completed }) => sum + completed, 0)
  }

  // Members.

  /** A new node, started and known to nobody; `empty` as one that `dure member add` starts. */
  join(options: { readonly empty?: boolean } = {}): NodeId {
    return this.#cluster.join(options).id
  }

  /** One request to one node, as an operator's client sends it; how it ended, as time goes on. */
  askMember(
    change: MemberRequest['change'],
    node: NodeId,
    options: { readonly via: NodeId; readonly force?: boolean },
  ): MemberAnswer {
    const answer: MemberAnswer = { response: undefined }
    const request: MemberRequest = {
      kind: 'member',
      change,
      node,
      peerAddress: change === 'add' ? `node/${node}` : '',
      httpAddress: '',
      force: options.force ?? false,
    }
    this.node(options.via).request(request, REQUEST_TIMEOUT_MS, (response) => {
      answer.response = response
    })
    return answer
  }

  /** Asks again and again, now this node and now that one, until it is done. */
  changeMember(change: MemberRequest['change'], node: NodeId): void {
    const giveUpMs = this.world.nowMs + AGREEMENT_MS_MAX
    for (let attempt = 0; this.world.nowMs < giveUpMs; attempt++) {
      const { connected } = this
      const via = connected[attempt % connected.length]
      if (via !== undefined) {
        const answer = this.askMember(change, node, { via })
        this.world.runUntil(() => answer.response !== undefined, { withinMs: REQUEST_TIMEOUT_MS })
        if (answer.response?.status === 'done') return
        if (answer.response?.status === 'error') {
          assert(answer.response.retryable, `${change} ${node}: ${answer.response.message}`)
        }
      }
      this.run(50)
    }
    throw new Error(`${change} ${node} was not done within ${AGREEMENT_MS_MAX} ms of virtual time`)
  }

  /** Asks the leader, whoever it is, until it is so. */
  changeMembers(...steps: readonly MembershipStep[]): void {
    const isDone = (): boolean => {
      const leader = this.presentLeader
      return leader !== undefined && steps.every((step) => holds(step, this.raft(leader)))
    }
    const giveUpMs = this.world.nowMs + AGREEMENT_MS_MAX
    while (!isDone()) {
      if (this.world.nowMs >= giveUpMs) throw new Error(`members did not change: ${JSON.stringify(steps)}`)
      const leader = this.presentLeader
      if (leader !== undefined) {
        const request = { reply: () => {}, deadlineMs: 0, outcomeOnTimeout: 'unknown' } as const
        this.group(leader).changeMembership(withAddresses({ transition: 'auto', steps }), { ...request })
      }
      this.world.runUntil(isDone, { withinMs: 200 })
    }
  }

  #node(id: NodeId): SimulatedNode {
    return this.#cluster.nodes[id - 1]!
  }

  #process(id: NodeId): SimulatedProcess {
    return this.#node(id).process
  }
}

function holds(step: MembershipStep, { membership }: Raft): boolean {
  const { voters, votersOutgoing, learners } = membership
  if (votersOutgoing.length > 0) return false
  switch (step.kind) {
    case 'add-voter':
      return voters.includes(step.node)
    case 'add-learner':
      return learners.includes(step.node)
    case 'remove':
      return !voters.includes(step.node) && !learners.includes(step.node)
  }
}

/** Plays a scenario once for each seed; what fails says with which one. */
export function overSeeds(
  seeds: readonly number[],
  shape: ClusterShape,
  scenario: (cluster: ScenarioCluster) => void,
): void {
  for (const seed of seeds) {
    const cluster = new ScenarioCluster(seed, shape)
    try {
      scenario(cluster)
      settle(cluster)
    } catch (error) {
      throw cluster.world.failure(error)
    }
  }
}
