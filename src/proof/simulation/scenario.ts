import type { NodeOptions } from '../../engines/embedded/node-options.ts'
import {
  type StateMachineBounds,
  stateMachineBounds,
} from '../../engines/embedded/state-machine/state-machine.ts'
import { raftDefaults } from '../../protocols/raft/config.ts'
import { SeededRandom } from '../../runtime/seeded-random.ts'
import { type FaultPlan, type Span, swarmFaults } from '../../runtime/simulated/faults.ts'
import { drawChurn } from './churn/draw-churn.ts'
import type { ExpiryPlan } from './churn/expiry-client.ts'
import type { WatcherPlan } from './churn/watching-process.ts'
import { type FaultKind, type ScenarioOptions, scenarioDefaults } from './scenario-options.ts'

/** Everything that one seed decides before its run begins. */
export interface Scenario {
  readonly seed: number
  readonly nodeCount: number
  readonly clientCount: number
  readonly faultPhaseMs: number
  /** The fault phase goes on until so much has happened … */
  readonly atLeast: Minimum
  /** … but no longer than this. */
  readonly faultPhaseMsMax: number
  readonly faults: FaultPlan
  /** Crashes some of the nodes that have just installed a snapshot, before their logs know of it. */
  readonly crashAfterInstall: number
  readonly keyCount: number
  readonly thinkMs: number
  readonly raft: NonNullable<NodeOptions['raft']>
  readonly storage: NonNullable<NodeOptions['storage']>
  readonly tablesFail: boolean
  /** Half of the clients stay with one node each, wherever the leader is. */
  readonly hasPinnedClients: boolean
  readonly operator: OperatorPlan
  readonly hardware: HardwarePlan
  /** Of a crash at each delicate moment (a vote, an election, a log that is cut). */
  readonly ambushProbability: number
  /** That a candidate gets its answers only when it may have stood again. */
  readonly lateVotesProbability: number
  readonly watchers: readonly WatcherPlan[]
  readonly expiry: ExpiryPlan
}

/** How often an operator interferes; 0 for never. */
export interface OperatorPlan {
  readonly transferEveryMs: number
  readonly membershipEveryMs: number
  /** That a leader is cut off from its peers while it hands over. */
  readonly cutOffProbability: number
}

/** What happens to machines; 0 for never. */
export interface HardwarePlan {
  readonly hangEveryMs: number
  readonly hangForMs: Span
  /** A machine comes back with an empty disk. */
  readonly wipeAtMs: number
  /** A bit flips in the middle of a log. */
  readonly rotAtMs: number
}

export interface Minimum {
  readonly operations: number
  readonly crashes: number
  readonly partitions: number
  readonly diskFaults: number
}

/** Of each minute of the standing check. */
export const standingMinimum: Minimum = { operations: 1_000, crashes: 3, partitions: 2, diskFaults: 1 }

/** Longer than an idle session lives; log time must not follow. */
const LEAP_MS_MAX = 2 * 60 * 60_000

/**
 * Draws a scenario: which faults and how strong, and our own constants too, because a bug may hide behind a usual
 * value (as FoundationDB does with its knobs). Every run has crashes, cuts and a faulty disk; the rest varies.
 */
export function drawScenario(seed: number, options: ScenarioOptions = scenarioDefaults): Scenario {
  const off: readonly FaultKind[] = [
    ...(options.without ?? []),
    ...(options.workload === undefined ? [] : (['watch', 'lease'] as const)),
  ]
  const random = new SeededRandom(seed).fork('scenario')
  const clientCount = random.integer(4, 24)
  // Now and then long ones: what an old leader may do until it notices, it has more time for.
  const electionTimeoutMs = random.next() < 0.8 ? random.integer(150, 600) : random.integer(600, 2_000)
  const small = random.next() < 0.7
  const durableProgressTimeoutMs = new SeededRandom(seed).fork('hang').integer(2_000, 5_000)
  const isOff = (kind: FaultKind): boolean => options.without?.includes(kind) ?? false
  const faults = without(
    eventful(swarmFaults(random, { disturbedMax: random.integer(1, 2) }), random),
    options.without ?? [],
  )
  // Whoever was away for a moment needs a snapshot.
  const cutsAllTheTime = random.next() < 0.3
  // Without another majority a machine that lost its data cannot be replaced, and nothing was promised of it.
  const mayLoseOne = options.nodeCount > 2
  const mishaps = drawMishaps(
    new SeededRandom(seed).fork('mishaps'),
    options.faultPhaseMs,
    durableProgressTimeoutMs,
    mayLoseOne ? off : [...off, 'wipe', 'rot'],
  )
  return {
    seed,
    nodeCount: options.nodeCount,
    clientCount,
    faultPhaseMs: options.faultPhaseMs,
    atLeast: minimum(options, isOff),
    faultPhaseMsMax: 4 * options.faultPhaseMs,
    faults,
    crashAfterInstall: isOff('crash') ? 0 : 0.3,
    keyCount: 2 * random.integer(2, 8),
    thinkMs: (clientCount / options.operationsPerSecond) * 1_000,
    raft: {
      electionTimeoutMs,
      heartbeatIntervalMs: Math.floor(electionTimeoutMs / random.integer(3, 8)),
      appendBytesMax: small ? random.integer(512, 4_096) : raftDefaults.appendBytesMax,
      inflightMessagesMax: random.integer(2, 64),
      inflightBytesMax: small ? random.integer(2_048, 65_536) : raftDefaults.inflightBytesMax,
      uncommittedBytesMax: small ? random.integer(2_048, 65_536) : raftDefaults.uncommittedBytesMax,
      durableProgressTimeoutMs,
    },
    storage: {
      flushBytesMax: small ? Math.round(512 * 64 ** random.next()) : 1 << 20,
      flushIntervalMs: cutsAllTheTime ? random.integer(100, 1_000) : random.integer(200, 10_000),
      logKeepBytes: cutsAllTheTime ? 0 : small ? random.integer(0, 8_192) : 1 << 18,
      segmentBytes: small ? random.integer(4_096, 65_536) : 1 << 20,
      stateMachine: drawBounds(new SeededRandom(seed).fork('bounds')),
    },
    tablesFail: !off.includes('disk'),
    ...drawChurn(new SeededRandom(seed).fork('churn'), off),
    // None may stay with a machine that is lost.
    hasPinnedClients: mishaps.hardware.wipeAtMs + mishaps.hardware.rotAtMs === 0,
    ...mishaps,
  }
}

/** The largest entry of the workload is kept by the smallest feed: what is dropped at once cannot be looked at. */
const FEED_BYTES_MIN = 8_192

/** Often so small that they are met: log time does not leap with a clock, and a run lasts for a minute or some. */
function drawBounds(random: SeededRandom): StateMachineBounds {
  const hasSmallFeed = random.next() < 0.7
  return {
    feed: {
      bytesMax: hasSmallFeed ? random.integer(FEED_BYTES_MIN, 65_536) : stateMachineBounds.feed.bytesMax,
      entriesMax: hasSmallFeed ? random.integer(20, 1_000) : stateMachineBounds.feed.entriesMax,
      blockBytes: random.integer(256, 8_192),
    },
    expiredPerEntryMax: random.next() < 0.5 ? random.integer(1, 2) : random.integer(3, 16),
    sessionIdleMsMax: random.next() < 0.5 ? random.integer(500, 5_000) : 10 * 60_000,
  }
}

/** All are drawn, whatever is switched off, so that the others stay as they were. */
function drawMishaps(
  random: SeededRandom,
  faultPhaseMs: number,
  durableProgressTimeoutMs: number,
  off: readonly FaultKind[],
): Pick<Scenario, 'operator' | 'hardware' | 'ambushProbability' | 'lateVotesProbability'> {
  const sometimes = (kind: FaultKind, probability: number, strength: number): number =>
    random.next() < probability && !off.includes(kind) ? strength : 0
  const wipeAtMs = sometimes('wipe', 0.2, random.between(0.1, 0.6) * faultPhaseMs)
  const rotAtMs = sometimes('rot', 0.4, random.between(0.1, 0.6) * faultPhaseMs)
  return {
    operator: {
      transferEveryMs: sometimes('transfer', 0.6, random.between(1_000, 10_000)),
      membershipEveryMs: sometimes('membership', 0.5, random.between(1_000, 10_000)),
      cutOffProbability: sometimes('partition', 0.7, random.between(0.3, 0.9)),
    },
    hardware: {
      hangEveryMs: sometimes('hang', 0.4, random.between(8_000, 30_000)),
      hangForMs: { min: 0.5 * durableProgressTimeoutMs, max: 3 * durableProgressTimeoutMs },
      wipeAtMs,
      rotAtMs: wipeAtMs === 0 ? rotAtMs : 0,
    },
    ambushProbability: sometimes('crash', 0.7, random.between(0.01, 0.3)),
    lateVotesProbability: sometimes('partition', 0.5, random.between(0.05, 0.5)),
  }
}

/** A fault that is switched off cannot be waited for, and a run shorter than a minute promises nothing. */
function minimum({ faultPhaseMs }: ScenarioOptions, isOff: (kind: FaultKind) => boolean): Minimum {
  if (faultPhaseMs < 60_000) return { operations: 0, crashes: 0, partitions: 0, diskFaults: 0 }
  const { operations, crashes, partitions, diskFaults } = standingMinimum
  return {
    operations,
    crashes: isOff('crash') ? 0 : crashes,
    partitions: isOff('partition') ? 0 : partitions,
    diskFaults: isOff('disk') ? 0 : diskFaults,
  }
}

/** Crashes, cuts and something wrong with disks in every minute; now and then a clock that jumps past every expiry. */
function eventful(plan: FaultPlan, random: SeededRandom): FaultPlan {
  const leaps = random.next() < 0.3
  const leapEveryMs = random.between(4_000, 12_000)
  return {
    ...plan,
    network: {
      ...plan.network,
      partitionEveryMs: plan.network.partitionEveryMs || random.between(5_000, 15_000),
    },
    process: { ...plan.process, crashEveryMs: plan.process.crashEveryMs || random.between(3_000, 10_000) },
    disk: { ...plan.disk, stallProbability: plan.disk.stallProbability || random.between(0.0005, 0.005) },
    clock: leaps ? { ...plan.clock, jumpEveryMs: leapEveryMs, jumpMsMax: LEAP_MS_MAX } : plan.clock,
  }
}

function without(plan: FaultPlan, kinds: readonly FaultKind[]): FaultPlan {
  let { network, process, disk, clock } = plan
  for (const kind of kinds) {
    switch (kind) {
      case 'crash':
        process = { ...process, crashEveryMs: 0 }
        break
      case 'pause':
        process = { ...process, pauseEveryMs: 0 }
        break
      case 'partition':
        network = { ...network, partitionEveryMs: 0, clogEveryMs: 0 }
        break
      case 'loss':
        network = { ...network, lossProbability: 0 }
        break
      case 'duplicate':
        network = { ...network, duplicateProbability: 0 }
        break
      case 'reorder':
        network = { ...network, reorderProbability: 0 }
        break
      case 'disk':
        disk = { ...disk, loseUnsynced: false, tear: false, syncErrorProbability: 0, stallProbability: 0 }
        break
      case 'clock':
        clock = { ...clock, offsetMsMax: 0, driftPpmMax: 0, jumpEveryMs: 0 }
        break
      case 'transfer':
      case 'membership':
      case 'hang':
      case 'wipe':
      case 'rot':
      case 'watch':
      case 'lease':
        // No part of the plan of the world: see `drawMishaps`.
        break
    }
  }
  return { network, process, disk, clock }
}
