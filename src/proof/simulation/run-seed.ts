import { userRowKey } from '../../engines/embedded/state-machine/row.ts'
import { text, utf8 } from '../../foundation/bytes.ts'
import { type MarkName, markCounts } from '../../foundation/marks.ts'
import { raftDefaults } from '../../protocols/raft/config.ts'
import type { Nemesis, NemesisCounts } from '../../runtime/simulated/nemesis.ts'
import { Simulation } from '../../runtime/simulated/simulation.ts'
import { SimulationError } from '../../runtime/simulated/simulation-error.ts'
import type { Workload } from '../workloads/workload.ts'
import { Ambush } from './ambush.ts'
import { Churn, type ChurnCounts } from './churn/churn.ts'
import { describeMessage } from './describe-message.ts'
import { HandoverCut } from './handover-cut.ts'
import { Hardware } from './hardware.ts'
import { BoundedPipeline } from './invariants/bounded-pipeline.ts'
import { CommittedEntries } from './invariants/committed-entries.ts'
import { DurableLog } from './invariants/durable-log.ts'
import { ElectedByMajority } from './invariants/elected-by-majority.ts'
import { ElectionSafety } from './invariants/election-safety.ts'
import { NoHungLeader } from './invariants/hung-leader.ts'
import { BrokenInvariant, type Invariant } from './invariants/invariant.ts'
import { LogMatching } from './invariants/log-matching.ts'
import { MonotonicCommit } from './invariants/monotonic-commit.ts'
import { OwnTermCommit } from './invariants/own-term-commit.ts'
import { RestartCost } from './invariants/restart-cost.ts'
import { SingleVote } from './invariants/single-vote.ts'
import { LateVotes } from './late-votes.ts'
import type { SeedLoad } from './load/seed-load.ts'
import { StandingLoad } from './load/standing-load.ts'
import { WorkloadLoad } from './load/workload-load.ts'
import { Operator } from './operator.ts'
import { drawScenario, type Scenario } from './scenario.ts'
import { type ScenarioOptions, scenarioDefaults } from './scenario-options.ts'
import { SimulatedCluster } from './simulated-cluster.ts'

export interface SeedReport {
  readonly seed: number
  readonly verdict: 'valid' | 'invalid' | 'unknown'
  /** Of an invalid one: what broke, the last events, and how to see it again. */
  readonly failure: string | undefined
  /** Of an invalid one: the name of what broke. */
  readonly broken: string | undefined
  readonly traceHash: string
  readonly virtualMs: number
  readonly events: number
  /** Calls that were made, and how many of them were answered. */
  readonly operations: number
  readonly acknowledged: number
  readonly faults: { readonly [Kind in keyof NemesisCounts]: number } & MishapCounts & ChurnCounts
  /** How often each marked path was passed; those that were not are left out. */
  readonly marks: Partial<Record<MarkName, number>>
}

/** What is done to a cluster beyond what a nemesis does to processes, links and clocks. */
export type MishapCounts = {
  readonly diskFaults: number
  readonly ambushes: number
  readonly transfers: number
  readonly membershipChanges: number
  readonly hangs: number
  readonly lostNodes: number
}

/** After the faults everything must work again within this. */
const LIVENESS_MS_MAX = 30_000

/**
 * One simulated cluster from its first boot to its verdict: a fault phase with clients and the nemesis, then a
 * liveness phase in which everything is mended and must make progress, then the check of the history.
 */
export function runSeed(seed: number, options: ScenarioOptions = scenarioDefaults): SeedReport {
  return withoutStacks(() => {
    const life = lifeOf(seed, options, standingLoad)
    let step = life.next()
    while (!step.done) {
      try {
        step = life.next(step.value.world.runUntil(step.value.until, step.value))
      } catch (error) {
        step = life.throw(error)
      }
    }
    return step.value
  })
}

/** The same under the load of a workload, whose clients use promises. */
export async function runWorkloadSeed(
  seed: number,
  options: ScenarioOptions,
  workload: Workload,
): Promise<SeedReport> {
  const life = lifeOf(seed, options, (world, scenario) => new WorkloadLoad(world, scenario, workload))
  let step = life.next()
  while (!step.done) {
    try {
      step = life.next(await step.value.world.runAwaiting(step.value.until, step.value))
    } catch (error) {
      step = life.throw(error)
    }
  }
  return step.value
}

/** What a life waits for; it is told whether that came to hold in time. */
interface Wait {
  readonly world: Simulation
  readonly until: () => boolean
  readonly withinMs: number
}

type Life = Generator<Wait, SeedReport, boolean>
type MakeLoad = (world: Simulation, scenario: Scenario, churn: Churn) => SeedLoad

const standingLoad: MakeLoad = (world, scenario, churn) =>
  new StandingLoad(world, scenario, (version) => churn.acknowledged.write(version))

/** A report holds no stack, and the errors that clients are told are many. */
function withoutStacks<Value>(run: () => Value): Value {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    return run()
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

function* lifeOf(seed: number, options: ScenarioOptions, makeLoad: MakeLoad): Life {
  const scenario = drawScenario(seed, options)
  const marksBefore = markCounts()
  const world = new Simulation({
    seed,
    faults: scenario.faults,
    describeMessage,
    replay: replayCommand(seed, options),
  })
  const ambush = new Ambush(world, scenario.ambushProbability, scenario.faultPhaseMs)
  const now = () => world.nowMs
  const raft = { ...raftDefaults, ...scenario.raft }
  const churn = new Churn(world, scenario)
  const load = makeLoad(world, scenario, churn)
  const invariants: Invariant[] = [
    ambush,
    new LateVotes(world, scenario.lateVotesProbability, raft.electionTimeoutMs, scenario.faultPhaseMs),
    new HandoverCut(world, scenario.operator.cutOffProbability, scenario.faultPhaseMs),
    ...load.invariants,
    new ElectionSafety(),
    new SingleVote(),
    new LogMatching(),
    new CommittedEntries(),
    new MonotonicCommit(),
    new DurableLog(),
    new OwnTermCommit(),
    new ElectedByMajority(),
    new NoHungLeader(now, raft),
    new BoundedPipeline(raft),
    new RestartCost(now, scenario.storage),
    ...churn.invariants,
  ]
  const cluster = new SimulatedCluster(world, scenario, invariants)
  const { atLeast } = scenario
  const nemesis = world.unleash({
    untilMs: scenario.faultPhaseMs,
    atMostMs: scenario.faultPhaseMsMax,
    enough: ({ crashes, partitions }) =>
      crashes >= atLeast.crashes &&
      partitions >= atLeast.partitions &&
      world.diskFaultCount >= atLeast.diskFaults &&
      load.calls >= atLeast.operations,
  })
  invariants.push(crashAfterInstall(world, nemesis, cluster, scenario))
  const operator = new Operator(world, cluster, scenario.operator, scenario.faultPhaseMs)
  const hardware = new Hardware(world, cluster, scenario.hardware, scenario.faultPhaseMs)
  const report = (verdict: SeedReport['verdict'], failure?: string, broken?: string): SeedReport => ({
    seed,
    verdict,
    failure,
    broken,
    traceHash: world.traceHash,
    virtualMs: world.nowMs,
    events: world.eventCount,
    operations: load.calls,
    acknowledged: load.answered,
    faults: {
      ...nemesis.counts,
      ...ambush.counts,
      ...operator.counts,
      ...hardware.counts,
      ...churn.counts,
      diskFaults: world.diskFaultCount,
    },
    marks: marksSince(marksBefore),
  })
  try {
    cluster.start()
    load.start(cluster.addresses)
    churn.start(cluster.addresses)
    yield { world, until: () => nemesis.isOver, withinMs: scenario.faultPhaseMsMax }
    yield* live(world, cluster, operator, load, churn)
    const judged = load.judge()
    if (judged.verdict === 'valid') return report('valid')
    if (judged.verdict === 'unknown') return report('unknown', judged.summary)
    throw world.failure(new BrokenInvariant(judged.broken, judged.summary))
  } catch (error) {
    return report('invalid', String(error instanceof Error ? error.message : error), brokenBy(error))
  }
}

/**
 * No invariant, but it sees the moment: between a snapshot in the table and the log that is reset for it lies one sync,
 * too short for a crash to fall into by chance.
 */
function crashAfterInstall(
  world: Simulation,
  nemesis: Nemesis,
  cluster: SimulatedCluster,
  scenario: Scenario,
): Invariant {
  const random = world.random.fork('crash after install')
  return {
    name: 'crash after install',
    installed(id) {
      const delayMs = scenario.faults.disk.syncLatencyMs.max * random.next()
      if (random.chance(scenario.crashAfterInstall))
        nemesis.crashSoon(cluster.nodes[id - 1]!.process, delayMs)
    },
  }
}

/** Everything is mended: each client must get answers, all nodes must come to the same state. */
function* live(
  world: Simulation,
  cluster: SimulatedCluster,
  operator: Operator,
  load: SeedLoad,
  churn: Churn,
): Generator<Wait, void, boolean> {
  world.note('liveness phase')
  const all = [...load.clients, ...churn.expiryClients]
  const before = all.map(({ completed }) => completed)
  const progressed = () => all.every(({ completed }, i) => completed > before[i]! + 1)
  if (!(yield { world, until: progressed, withinMs: LIVENESS_MS_MAX })) {
    const stuck = all.flatMap(({ completed, name }, i) => (completed > before[i]! + 1 ? [] : [name]))
    throw world.failure(
      new BrokenInvariant('liveness', `all is mended, but ${stuck.join(', ')} got no answers`),
    )
  }
  load.end()
  churn.end()
  // One that is over for all who ask may wait for the next entry to be removed.
  const hasNoLeases = () => cluster.alive.every(({ node }) => node!.groups[0]!.stateMachine.leaseCount === 0)
  const isSame = () =>
    load.isOver && cluster.isConverged && operator.isSettled && churn.isOver && hasNoLeases()
  if (!(yield { world, until: isSame, withinMs: load.endWithinMs })) {
    const what = !operator.isSettled
      ? 'the nodes that are whole cannot all be made voters'
      : (churn.unfinished ?? 'the nodes do not come to the same state, or keep leases that are over')
    throw world.failure(new BrokenInvariant('liveness', `all is mended, but ${what}`))
  }
  compareStates(world, cluster, churn)
}

/** All nodes hold what was committed, and nothing else. */
function compareStates(world: Simulation, cluster: SimulatedCluster, { truth, wrongCopy }: Churn): void {
  if (wrongCopy !== undefined)
    throw world.failure(new BrokenInvariant('rows and then changes make a copy', wrongCopy))
  const { rows } = truth.expected
  for (const { id, node } of cluster.alive) {
    const { stateMachine, appliedIndex, table } = node!.groups[0]!
    const differs = (what: string) =>
      world.failure(new BrokenInvariant('convergence', `on node ${id} ${what}`))
    let count = 0
    for (const row of table.scan(userRowKey(utf8('')), undefined)) {
      const key = text(row.key.subarray(1))
      const expected = rows.get(key)
      const { value, version } = stateMachine.get(utf8(key))
      const found = `${value === undefined ? 'absent' : text(value)} (version ${version})`
      if (expected?.version !== version || expected.value !== text(value!))
        throw differs(`${key} is ${found}, committed was ${expected?.value} (version ${expected?.version})`)
      count++
    }
    if (count !== rows.size) throw differs(`are ${count} rows, and there must be ${rows.size}`)
    if (stateMachine.leaseCount > 0)
      throw differs(`are ${stateMachine.leaseCount} leases, and all have ended`)
    truth.compareFeed(id, appliedIndex, stateMachine.feed)
  }
}

function replayCommand(
  seed: number,
  { nodeCount, faultPhaseMs, without = [], workload }: ScenarioOptions,
): string {
  const isUsual = faultPhaseMs === scenarioDefaults.faultPhaseMs
  const seconds = isUsual ? '' : ` --seconds ${faultPhaseMs / 1_000}`
  const left = without.length === 0 ? '' : ` --without ${without.join(',')}`
  const load = workload === undefined ? '' : ` --workload ${workload}`
  return `npx dure simulate${load} --seed ${seed} --nodes ${nodeCount}${seconds}${left}`
}

/** The name of what broke: an invariant's, or what an assertion states. */
function brokenBy(error: unknown): string {
  const cause = error instanceof SimulationError ? error.cause : error
  if (cause instanceof BrokenInvariant) return cause.invariant
  return cause instanceof Error ? cause.message : String(cause)
}

function marksSince(before: ReadonlyMap<MarkName, number>): Partial<Record<MarkName, number>> {
  const marks: Partial<Record<MarkName, number>> = {}
  for (const [name, count] of markCounts()) {
    const passed = count - before.get(name)!
    if (passed > 0) marks[name] = passed
  }
  return marks
}
