import type { SeededRandom } from '../seeded-random.ts'

export interface Span {
  readonly min: number
  readonly max: number
}

/** What may go wrong in a simulation. 0 switches a fault off; `noFaults()` has them all off. */
export interface FaultPlan {
  readonly network: NetworkFaults
  readonly disk: DiskFaults
  readonly process: ProcessFaults
  readonly clock: ClockFaults
}

export interface NetworkFaults {
  /** Each link draws its usual delay from here, once. */
  readonly delayMs: Span
  /** Added to each message, mostly little of it. */
  readonly jitterMs: number
  readonly lossProbability: number
  readonly duplicateProbability: number
  /** A message overtakes or falls behind by up to `reorderMs`. When 0, a link keeps its order. */
  readonly reorderProbability: number
  readonly reorderMs: number
  /** A cut of a random shape about this often. */
  readonly partitionEveryMs: number
  readonly partitionForMs: Span
  /** One direction of one link holds everything back for a while. */
  readonly clogEveryMs: number
  readonly clogForMs: Span
}

export interface DiskFaults {
  readonly readLatencyMs: Span
  readonly writeLatencyMs: Span
  readonly syncLatencyMs: Span
  /** A crash loses what was not synced, all or part of it; off, it is as if only the process had died. */
  readonly loseUnsynced: boolean
  /** What a crash keeps of unsynced writes is decided for each sector of 512 bytes. */
  readonly tear: boolean
  readonly syncErrorProbability: number
  /** Of a sync: it and all that follows stands still for `stallMs`. */
  readonly stallProbability: number
  readonly stallMs: Span
  /** Writes that need more fail as `full`. */
  readonly capacityBytes: number
  /** Of a read: one bit of it is, from now on, the other way around. */
  readonly readCorruptionProbability: number
  /** Of a write: it lands on another sector of the same file. */
  readonly misdirectedWriteProbability: number
  /** Of a write: it never reaches the medium, though it and its sync succeed. */
  readonly lostWriteProbability: number
  /**
   * The last three damage at most this many processes' disks in one simulation, so that good copies survive where the
   * protocol promises that they do.
   */
  readonly damagedProcessesMax: number
}

export interface ProcessFaults {
  readonly crashEveryMs: number
  readonly downForMs: Span
  readonly pauseEveryMs: number
  readonly pauseForMs: Span
  /** So many processes are down or paused at a time, at most. */
  readonly disturbedMax: number
}

export interface ClockFaults {
  /** Wall clocks begin up to this far off. */
  readonly offsetMsMax: number
  /** Clocks, the monotonic one too, run up to so many millionths too fast or too slow. */
  readonly driftPpmMax: number
  /** A wall clock jumps either way about this often. */
  readonly jumpEveryMs: number
  readonly jumpMsMax: number
}

/** Delays as of a good network and a good disk, and nothing goes wrong. */
export function noFaults(): FaultPlan {
  return {
    network: {
      delayMs: { min: 0.1, max: 0.5 },
      jitterMs: 0.2,
      lossProbability: 0,
      duplicateProbability: 0,
      reorderProbability: 0,
      reorderMs: 0,
      partitionEveryMs: 0,
      partitionForMs: { min: 0, max: 0 },
      clogEveryMs: 0,
      clogForMs: { min: 0, max: 0 },
    },
    disk: {
      readLatencyMs: { min: 0.02, max: 0.1 },
      writeLatencyMs: { min: 0.01, max: 0.05 },
      syncLatencyMs: { min: 0.1, max: 1 },
      loseUnsynced: false,
      tear: false,
      syncErrorProbability: 0,
      stallProbability: 0,
      stallMs: { min: 0, max: 0 },
      capacityBytes: Number.POSITIVE_INFINITY,
      readCorruptionProbability: 0,
      misdirectedWriteProbability: 0,
      lostWriteProbability: 0,
      damagedProcessesMax: 0,
    },
    process: {
      crashEveryMs: 0,
      downForMs: { min: 0, max: 0 },
      pauseEveryMs: 0,
      pauseForMs: { min: 0, max: 0 },
      disturbedMax: 0,
    },
    clock: { offsetMsMax: 0, driftPpmMax: 0, jumpEveryMs: 0, jumpMsMax: 0 },
  }
}

export interface SwarmLimits {
  /** Damage (bit flips, misdirected and lost writes) only where this is above 0. */
  readonly damagedProcessesMax?: number
  /** 1 unless said. */
  readonly disturbedMax?: number
}

/**
 * A random subset of all faults, each at a random strength: a fault that is always on can hide what another would show
 * ("swarm testing", Groce et al., 2012).
 */
export function swarmFaults(random: SeededRandom, limits: SwarmLimits = {}): FaultPlan {
  const sometimes = (strength: () => number): number => {
    // Both are drawn, so that switching one fault leaves the others as they were.
    const on = random.next() < 0.5
    const value = strength()
    return on ? value : 0
  }
  const calm = noFaults()
  const slow = random.next() < 0.3
  const damage = limits.damagedProcessesMax ?? 0
  return {
    network: {
      delayMs: slow ? { min: 1, max: 40 } : calm.network.delayMs,
      jitterMs: random.between(0.1, slow ? 20 : 2),
      lossProbability: sometimes(() => random.between(0.001, 0.3) * random.next()),
      duplicateProbability: sometimes(() => random.between(0.001, 0.3)),
      reorderProbability: sometimes(() => random.between(0.01, 0.3)),
      reorderMs: random.between(1, 100),
      partitionEveryMs: sometimes(() => random.between(5_000, 20_000)),
      partitionForMs: { min: 100, max: random.between(500, 8_000) },
      clogEveryMs: sometimes(() => random.between(3_000, 20_000)),
      clogForMs: { min: 50, max: random.between(100, 3_000) },
    },
    disk: {
      ...calm.disk,
      syncLatencyMs: { min: 0.1, max: random.between(0.3, 15) },
      loseUnsynced: true,
      tear: random.next() < 0.8,
      syncErrorProbability: sometimes(() => random.between(0.00001, 0.0005)),
      stallProbability: sometimes(() => random.between(0.0001, 0.005)),
      stallMs: { min: 50, max: random.between(200, 3_000) },
      readCorruptionProbability: sometimes(() => random.between(0.0001, 0.05)),
      misdirectedWriteProbability: sometimes(() => random.between(0.00001, 0.001)),
      lostWriteProbability: sometimes(() => random.between(0.00001, 0.001)),
      damagedProcessesMax: damage,
    },
    process: {
      crashEveryMs: sometimes(() => random.between(3_000, 20_000)),
      downForMs: { min: 10, max: random.between(100, 8_000) },
      pauseEveryMs: sometimes(() => random.between(4_000, 20_000)),
      pauseForMs: { min: 20, max: random.between(100, 6_000) },
      disturbedMax: limits.disturbedMax ?? 1,
    },
    clock: {
      offsetMsMax: sometimes(() => random.between(10, 60_000)),
      driftPpmMax: sometimes(() => random.between(10, 2_000)),
      jumpEveryMs: sometimes(() => random.between(5_000, 20_000)),
      jumpMsMax: random.between(100, 120_000),
    },
  }
}
