import { Client } from '../../../engines/client/client.ts'
import type { NodeOptions } from '../../../engines/embedded/node-options.ts'
import { RemoteTransport } from '../../../engines/remote/remote-transport.ts'
import { raftDefaults } from '../../../protocols/raft/config.ts'
import type { SeededRandom } from '../../../runtime/seeded-random.ts'
import { type FaultPlan, noFaults } from '../../../runtime/simulated/faults.ts'
import { Simulation } from '../../../runtime/simulated/simulation.ts'
import { SimulationError } from '../../../runtime/simulated/simulation-error.ts'
import { HistoryRecorder } from '../../verify/history/history-recorder.ts'
import type { KeyValueInput, KeyValueOutput } from '../../verify/linearizability/key-value-model.ts'
import { describeMessage } from '../describe-message.ts'
import { BoundedPipeline } from '../invariants/bounded-pipeline.ts'
import { CommittedEntries } from '../invariants/committed-entries.ts'
import { ElectedByMajority } from '../invariants/elected-by-majority.ts'
import { ElectionSafety } from '../invariants/election-safety.ts'
import { BrokenInvariant } from '../invariants/invariant.ts'
import { LogMatching } from '../invariants/log-matching.ts'
import { StandingClient } from '../load/standing-client.ts'
import type { SeedReport } from '../run-seed.ts'
import type { FaultKind } from '../scenario-options.ts'
import { MessageTally } from '../scenarios/message-tally.ts'
import { type ClusterPlan, SimulatedCluster, type SimulatedNode } from '../simulated-cluster.ts'

/**
 * One thing that goes wrong, alone, and what must then hold. The standing scenario mixes everything, so it cannot say
 * "nothing but this happened, hence no election": a drill can.
 */
export interface Drill {
  readonly name: string
  /** The only fault that it makes. */
  readonly fault: FaultKind
  readonly faults: (random: SeededRandom) => FaultPlan
  /** As nodes have it, unless said. */
  readonly raft?: NonNullable<NodeOptions['raft']>
  readonly storage?: NonNullable<NodeOptions['storage']>
  readonly run: (stage: Stage) => void
}

/** What a drill is played on. */
export interface Stage {
  readonly world: Simulation
  readonly cluster: SimulatedCluster
  readonly random: SeededRandom
  readonly electionTimeoutMs: number
  /** The fault is switched off: play all the same, without it. */
  readonly isCalm: boolean
  /** What nodes send to one another, which can be held back. */
  readonly messages: MessageTally
  /** Of the newest term; waits for one. */
  leader(): SimulatedNode
  /** More clients, with sessions of their own. */
  startClients(count: number): void
  /** Calls of clients that were answered. */
  acknowledged(): number
  require(holds: boolean, what: string): void
}

const NODES = 5
const CLIENTS = 6
const START_MS_MAX = 10_000

/** Plays a drill with this seed. */
export function runDrill(
  drill: Drill,
  seed: number,
  without: readonly FaultKind[] = [],
): Pick<SeedReport, 'seed' | 'verdict' | 'failure' | 'broken' | 'virtualMs' | 'events'> {
  const isCalm = without.includes(drill.fault)
  const world = new Simulation({
    seed,
    describeMessage,
    replay: `runDrill(${drill.name}, ${seed})`,
  })
  const random = world.random.fork(drill.name)
  const electionTimeoutMs = random.integer(150, 600)
  const raft = {
    ...raftDefaults,
    electionTimeoutMs,
    heartbeatIntervalMs: Math.floor(electionTimeoutMs / random.integer(3, 8)),
    ...drill.raft,
  }
  const messages = new MessageTally()
  const tableFaults = { delayMs: () => 1, flushError: () => undefined }
  const plan: ClusterPlan = {
    nodeCount: NODES,
    raft,
    storage: drill.storage ?? {},
    tableFaults,
    wrapRuntime: (runtime, id) => messages.watch(runtime, id),
  }
  const faults = drill.faults(random)
  const cluster = new SimulatedCluster(world, plan, [
    new ElectionSafety(),
    new LogMatching(),
    new CommittedEntries(),
    new ElectedByMajority(),
    new BoundedPipeline(raft),
  ])
  const clients: StandingClient[] = []
  const recorder = new HistoryRecorder<KeyValueInput, KeyValueOutput>()
  let clientCount = 0
  const startClients = (count: number): void => {
    for (let i = 0; i < count; i++) {
      const number = clientCount++
      world.spawn(`client ${number}`, { promises: false }).start((runtime) => {
        const client = new Client(runtime, new RemoteTransport(runtime, cluster.addresses))
        const options = { keyCount: 8, thinkMs: 60, timeoutMs: 1_000 }
        const workload = new StandingClient(number, runtime, client, recorder, options)
        clients.push(workload)
        workload.start()
      })
    }
  }
  const report = (failure?: string, broken?: string) => {
    const verdict = failure === undefined ? 'valid' : 'invalid'
    return { seed, verdict, failure, broken, virtualMs: world.nowMs, events: world.eventCount } as const
  }
  try {
    cluster.start()
    startClients(CLIENTS)
    const leaderNow = () => newestLeader(cluster)
    world.runUntil(() => leaderNow() !== undefined, { withinMs: START_MS_MAX })
    if (!isCalm) for (const { process } of cluster.nodes) process.disk.setFaults(faults.disk)
    drill.run({
      world,
      cluster,
      random,
      electionTimeoutMs: raft.electionTimeoutMs,
      isCalm,
      messages,
      startClients,
      leader: () => {
        world.runUntil(() => leaderNow() !== undefined, { withinMs: START_MS_MAX })
        const leader = leaderNow()
        if (leader === undefined) throw world.failure(new BrokenInvariant(drill.name, 'nobody leads'))
        return leader
      },
      acknowledged: () => clients.reduce((sum, { completed }) => sum + completed, 0),
      require: (holds, what) => {
        if (!holds) throw world.failure(new BrokenInvariant(drill.name, what))
      },
    })
    return report()
  } catch (error) {
    const cause = error instanceof SimulationError ? error.cause : error
    const broken = cause instanceof BrokenInvariant ? cause.invariant : String(cause)
    return report(String(error instanceof Error ? error.message : error), broken)
  }
}

/** A good network and a good disk: what a drill changes it says. */
export const calmFaults = noFaults

function newestLeader(cluster: SimulatedCluster): SimulatedNode | undefined {
  let newest: SimulatedNode | undefined
  let newestTerm = 0
  for (const simulated of cluster.nodes) {
    const raft = simulated.node?.groups[0]?.raft
    if (raft?.role !== 'leader' || raft.term <= newestTerm) continue
    newest = simulated
    newestTerm = raft.term
  }
  return newest
}
